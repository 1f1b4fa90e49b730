import { Injectable } from '@nestjs/common';
import { type CountryCode } from 'libphonenumber-js/max';
import {
  type AttributeDefinition,
  attributeDefinitions,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { pastDefinitions } from '#libs/custom-attributes/past-definitions.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { OrganizationSettings } from '#libs/organizations/settings.js';
import { normalizeEmail, phoneOfQuery } from '#libs/platform/contact.js';
import { Database } from '#libs/platform/database.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { Keyset, type Page, type PageRequest } from '#libs/platform/keyset.js';
import { PERSON_COLUMNS, type PersonRow, shownPerson } from '#libs/platform/person.js';
import { type EndUser } from './end-user.js';
import { type AddressKind, endUserStream } from './end-user.projection.js';
import { type EndUserOutput } from './end-users.dto.js';
import { shownEndUser } from './shown-end-user.js';

interface EndUserRow extends PersonRow {
  id: string;
  createdAt: Date;
  externalId: string | null;
}

type Filters = Partial<Record<AddressKind, string>>;

const COLUMNS = `id, created_at AS "createdAt", external_id AS "externalId", ${PERSON_COLUMNS}`;
const BY_ID = new Keyset<EndUserRow>([{ name: 'id', type: 'uuid', of: ({ id }) => id }], 'ASC');
const WITH_ADDRESS = `AND id IN (SELECT end_user_id FROM end_user_addresses
  WHERE organization_id = $1 AND kind = $2 AND value = $3)`;

/** Reads end users as the API shows them. */
@Injectable()
export class EndUserReader {
  constructor(
    private readonly database: Database,
    private readonly settings: OrganizationSettings,
    private readonly past: PastStreams,
  ) {}

  /** In one round trip with the definitions of its values. */
  async get(organizationId: string, id: string): Promise<EndUserOutput> {
    const [found, definitions] = await this.database.transact(organizationId, [
      {
        text: `SELECT ${COLUMNS}, custom_attributes AS "values" FROM end_users WHERE organization_id = $1 AND id = $2`,
        values: [organizationId, id],
      },
      attributeDefinitions(organizationId, 'Contact'),
    ]);
    const row = found?.rows[0] as (EndUserRow & { values: AttributeValues }) | undefined;
    if (!row) throw notFound('End user', id);
    const customAttributes = shownValues(definitions?.rows as AttributeDefinition[], row.values);
    return { ...shownRow(row), customAttributes };
  }

  /** As it was then, with the definitions of then. Two round trips at the same time. */
  async getAsOf(organizationId: string, id: string, asOf: Date): Promise<EndUserOutput> {
    const [{ state }, definitions] = await Promise.all([
      this.past.load(endUserStream, id, organizationId, asOf),
      pastDefinitions(this.past, organizationId, asOf),
    ]);
    if (!state) throw notFound('End user', id);
    return shownEndUser(state, definitions);
  }

  /** Oldest first, without their values. */
  async list(organizationId: string, filters: Filters, page: PageRequest): Promise<Page<EndUserOutput>> {
    const { defaultRegion } = await this.settings.of(organizationId);
    const address = addressOf(filters, defaultRegion);
    const select = {
      text: `SELECT ${COLUMNS} FROM end_users WHERE organization_id = $1 ${address ? WITH_ADDRESS : ''}`,
      values: [organizationId, ...(address ?? [])],
    };
    const { rows, ...links } = await BY_ID.read(this.database, organizationId, select, page);
    return { rows: rows.map(shownRow), ...links };
  }

  /** An end user as it has just become. Definitions are read only when it has values. */
  async shown(organizationId: string, endUser: EndUser): Promise<EndUserOutput> {
    const hasValues = Object.keys(endUser.customAttributes).length > 0;
    const statement = attributeDefinitions(organizationId, 'Contact');
    return shownEndUser(endUser, hasValues ? await this.database.query(organizationId, statement) : []);
  }
}

function shownRow(row: EndUserRow) {
  const { id, createdAt, externalId } = row;
  const shown = { id, createdAt: createdAt.toISOString() };
  return Object.assign(shown, shownPerson(row), externalId !== null && { externalId });
}

/** The kind and value that are looked for, if any. */
function addressOf(filters: Filters, region: CountryCode | undefined): [AddressKind, string] | undefined {
  const given = Object.entries(filters) as [AddressKind, string | undefined][];
  const [filter, another] = given.filter((entry): entry is [AddressKind, string] => entry[1] !== undefined);
  if (another) throw refused(another[0], 'only one of email, phone and externalId can be given');
  if (!filter) return undefined;
  const [kind, value] = filter;
  if (kind === 'email') return [kind, normalizeEmail(value)];
  if (kind === 'externalId') return [kind, value];
  const number = phoneOfQuery(value, region);
  if (!number) throw refused('phone', `must be a phone number${region ? '' : ', with its country code such as %2B45'}`);
  return [kind, number];
}

function refused(parameter: string, reason: string): DomainError {
  return new DomainError('invalid', `Invalid value for: query parameter ${parameter} (${reason})`);
}
