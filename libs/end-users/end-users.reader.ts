import { Injectable } from '@nestjs/common';
import { type CountryCode } from 'libphonenumber-js/max';
import {
  type AttributeDefinition,
  attributeDefinitions,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { pastDefinitions } from '#libs/custom-attributes/past-definitions.js';
import { type Loaded } from '#libs/event-store/event-store.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { OrganizationSettings } from '#libs/organizations/settings.js';
import { emailKey, phoneOfQuery } from '#libs/platform/contact.js';
import { Database } from '#libs/platform/database.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Page, type PageRequest } from '#libs/platform/keyset.js';
import { PERSON_COLUMNS, type PersonRow, shownPerson } from '#libs/platform/person.js';
import { type EndUser, mergedAway } from './end-user.js';
import { type AddressKind } from './end-user-addresses.projection.js';
import { endUsersWhere, type EndUserOrder, type EndUserSearch, ORDERS } from './end-user-search.js';
import { endUserStream } from './end-user.projection.js';
import { type EndUserOutput } from './end-users.dto.js';
import { missingEndUser } from './merged-end-users.projection.js';
import { shownEndUser } from './shown-end-user.js';

interface EndUserRow extends PersonRow {
  id: string;
  createdAt: Date;
  updatedAt: Date;
  externalId: string | null;
  additionalExternalIds: string[];
  searchName: string;
}

/** What a list is asked for; of the addresses at most one. */
export interface EndUserFilters
  extends Omit<EndUserSearch, 'address' | 'attribute'>, Partial<Record<AddressKind, string>> {
  attributeId?: string;
  attributeValue?: string;
}

const COLUMNS = `id, created_at AS "createdAt", updated_at AS "updatedAt", external_id AS "externalId",
  additional_external_ids AS "additionalExternalIds", search_name AS "searchName", ${PERSON_COLUMNS}`;

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
    if (!row) throw await missingEndUser(this.database, organizationId, id);
    const customAttributes = shownValues(definitions?.rows as AttributeDefinition[], row.values);
    return { ...shownRow(row), customAttributes };
  }

  /** As it was then, with the definitions of then. Two round trips at the same time. */
  async getAsOf(organizationId: string, id: string, asOf: Date): Promise<EndUserOutput> {
    const [{ state, events }, definitions] = await Promise.all([
      this.past.load(endUserStream, id, organizationId, asOf),
      pastDefinitions(this.past, organizationId, asOf),
    ]);
    if (!state) throw notFound('End user', id);
    if (state.mergedInto) throw mergedAway(id, state.mergedInto);
    return shownEndUser({ state, recordedAt: events.at(-1)?.recordedAt }, definitions);
  }

  /** Without their values. */
  async list(
    organizationId: string,
    { email, phone, externalId, attributeId, attributeValue, ...others }: EndUserFilters,
    order: EndUserOrder,
    page: PageRequest,
  ): Promise<Page<EndUserOutput>> {
    const { defaultRegion } = await this.settings.of(organizationId);
    const search: EndUserSearch = {
      ...others,
      address: addressOf({ email, phone, externalId }, defaultRegion),
      attribute: attributeOf(attributeId, attributeValue),
    };
    const select = endUsersWhere(organizationId, COLUMNS, search);
    const { rows, ...links } = await ORDERS[order].read(this.database, organizationId, select, page);
    return { rows: (rows as EndUserRow[]).map(shownRow), ...links };
  }

  /** An end user as a write has left it. Definitions are read only when it has values. */
  async shown(organizationId: string, written: Loaded<EndUser | undefined>): Promise<EndUserOutput> {
    const hasValues = Object.keys(written.state?.customAttributes ?? {}).length > 0;
    const statement = attributeDefinitions(organizationId, 'Contact');
    return shownEndUser(written, hasValues ? await this.database.query(organizationId, statement) : []);
  }
}

function shownRow(row: EndUserRow) {
  const { id, createdAt, updatedAt, externalId, additionalExternalIds } = row;
  const shown = { id, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString(), additionalExternalIds };
  return Object.assign(shown, shownPerson(row), externalId !== null && { externalId });
}

function attributeOf(id: string | undefined, value: string | undefined): EndUserSearch['attribute'] {
  if (id === undefined && value === undefined) return undefined;
  if (id === undefined) throw refused('attributeValue', 'must come with attributeId');
  if (value === undefined) throw refused('attributeId', 'must come with attributeValue');
  return { id, value };
}

/** The kind and value that are looked for, if any. */
function addressOf(
  filters: Partial<Record<AddressKind, string>>,
  region: CountryCode | undefined,
): [AddressKind, string] | undefined {
  const given = Object.entries(filters) as [AddressKind, string | undefined][];
  const [filter, another] = given.filter((entry): entry is [AddressKind, string] => entry[1] !== undefined);
  if (another) throw refused(another[0], 'only one of email, phone and externalId can be given');
  if (!filter) return undefined;
  const [kind, value] = filter;
  if (kind === 'email') return [kind, emailKey(value)];
  if (kind === 'externalId') return [kind, value];
  const number = phoneOfQuery(value, region);
  if (!number) throw refused('phone', `must be a phone number${region ? '' : ', with its country code such as %2B45'}`);
  return [kind, number];
}

function refused(parameter: string, reason: string): DomainError {
  return new DomainError('invalid', `Invalid value for: query parameter ${parameter} (${reason})`);
}
