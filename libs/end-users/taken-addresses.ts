import { Injectable } from '@nestjs/common';
import { type Statement } from '#libs/database/batch.js';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { type Changes } from '#libs/platform/changes.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type AddressKind, addressesOf } from './addresses.published.js';
import { ADDRESS_INDEX } from './end-user-addresses.projection.js';
import { type EndUserFields } from './end-user.rules.js';
import { endUserStream } from './end-user.stream.js';

const ATTEMPTS = 5;

/** An address that an end user has. */
interface Owned {
  kind: AddressKind;
  key: string;
  owner: string;
}

/**
 * Reads the owners of addresses, as {@link Owned}. Each is looked up in the index separately: a join of all might read
 * every address of the organization.
 * @param but an end user to exclude
 */
function ownersOf(organizationId: string, addresses: Pick<Owned, 'kind' | 'key'>[], but?: string): Statement {
  return {
    text: `SELECT wanted.kind, wanted.key, found.owner FROM unnest($2::text[], $3::text[]) AS wanted(kind, key)
           CROSS JOIN LATERAL (
             SELECT end_user_id AS owner FROM end_user_addresses
             WHERE organization_id = $1 AND kind = wanted.kind AND value = wanted.key AND end_user_id IS DISTINCT FROM $4
             ORDER BY twin LIMIT 1) AS found`,
    values: [organizationId, addresses.map(({ kind }) => kind), addresses.map(({ key }) => key), but],
  };
}

/** Refuses changes that would give an end user an address of another. */
@Injectable()
export class TakenAddresses {
  constructor(private readonly database: Database) {}

  /**
   * Runs work that writes these fields of an end user. If another end user has one of the addresses, the error names
   * it.
   * @throws {DomainError} `invalid`, with all faults
   */
  async namingOwners<T>(
    context: WriteContext,
    id: string,
    fields: Changes<EndUserFields>,
    work: () => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (violatedConstraint(error) !== ADDRESS_INDEX) throw error;
        // If the other end user no longer has the address, this does not throw, and the work is retried.
        await this.#refuse(context, id, fields);
      }
    }
    throw new DomainError('conflict', 'Another request is changing these addresses; try again');
  }

  /** Returns the tasks with an address of another end user or of an earlier task. Takes one round trip. */
  async claimedBy<Task extends { id: string; fields: Changes<EndUserFields> }>(
    { organizationId }: WriteContext,
    tasks: Task[],
  ): Promise<Set<Task>> {
    const claims = tasks.flatMap((task) => addressesOf(task.fields).map(({ kind, key }) => ({ task, kind, key })));
    const rows = await this.database.query<Owned>(organizationId, ownersOf(organizationId, claims));
    const owners = new Map(rows.map(({ kind, key, owner }) => [`${kind} ${key}`, owner]));
    const claiming = new Set<Task>();
    for (const { task, kind, key } of claims) {
      const owner = owners.get(`${kind} ${key}`) ?? task.id;
      if (owner !== task.id) claiming.add(task);
      owners.set(`${kind} ${key}`, owner);
    }
    return claiming;
  }

  async #refuse(context: WriteContext, id: string, fields: Changes<EndUserFields>): Promise<void> {
    const { organizationId, observer } = context;
    const addresses = addressesOf(fields);
    const taken = await this.database.query<Owned>(organizationId, ownersOf(organizationId, addresses, id));
    const faults = addresses.flatMap(({ path, kind, value, key }) => {
      const owner = taken.find((row) => row.kind === kind && row.key === key)?.owner;
      if (owner !== undefined) observer?.met(streamName(endUserStream, owner));
      return owner === undefined ? [] : [{ path, value, message: `already belongs to end user ${owner}` }];
    });
    if (faults.length === 0) return;
    const reasons = faults.map(({ path, value, message }) => `${path} ${value} ${message}`).join('; ');
    throw new DomainError('invalid', `Validation failure: ${reasons}`, {
      faults: faults.map(({ path, message }) => ({ path, message })),
    });
  }
}
