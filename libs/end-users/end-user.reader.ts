import { Injectable } from '@nestjs/common';
import { type CountryCode } from 'libphonenumber-js/max';
import { type AttributeQuery, searchedAttribute } from '#libs/custom-attributes/attribute-query.published.js';
import {
  type AttributeDefinition,
  attributeDefinitions,
  shownValues,
} from '#libs/custom-attributes/attribute-values.published.js';
import { pastDefinitions } from '#libs/custom-attributes/past-definitions.published.js';
import { Database } from '#libs/database/database.js';
import { type Page, type PageRequest } from '#libs/database/keyset.js';
import { EntityReader, LISTED, SHOWN_WITH_STATE, shownText, type StateRow } from '#libs/event-store/entity-reader.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { emailKey, phoneOfQuery } from '#libs/people/contact.js';
import { DomainError, invalidParameter } from '#libs/platform/domain-error.js';
import { extended, type JsonText } from '#libs/platform/json-text.js';
import { type AddressKind } from './addresses.published.js';
import { endUsersWhere, type EndUserOrder, type EndUserSearch, ORDERS } from './end-user-search.js';
import { missingEndUser } from './end-user.published.js';
import { type EndUser, mergedAway } from './end-user.rules.js';
import { shownEndUser } from './end-user.shown.js';
import { endUserStream } from './end-user.stream.js';
import { type EndUserOutput } from './end-users.dto.js';

/** The filters of a list, with at most one address. */
export interface EndUserFilters
  extends
    Omit<EndUserSearch, 'address' | 'attribute'>,
    Pick<AttributeQuery, 'attributeId' | 'attributeValue'>,
    Partial<Record<AddressKind, string>> {}

/** Reads end users as the API shows them. */
@Injectable()
export class EndUserReader {
  constructor(
    private readonly database: Database,
    private readonly settings: OrganizationSettings,
    private readonly past: PastStreams,
    private readonly entities: EntityReader,
  ) {}

  /** Returns an end user with its values. Reads the row and the definitions in one round trip. */
  async get(organizationId: string, id: string): Promise<JsonText> {
    const [rows, definitions] = await Promise.all([
      this.database.lookup<StateRow<EndUser>>(organizationId, {
        text: `SELECT ${SHOWN_WITH_STATE} FROM end_users WHERE organization_id = $1 AND id = $2`,
        values: [organizationId, id],
      }),
      this.database.lookup<AttributeDefinition>(organizationId, attributeDefinitions(organizationId, 'Contact')),
    ]);
    const [row] = await this.entities.fresh(endUserStream, organizationId, rows);
    if (!row) throw await missingEndUser(this.database, organizationId, id);
    const customAttributes = shownValues(definitions, row.document.customAttributes);
    return extended(shownText(row), { customAttributes });
  }

  /** Returns an end user as it was at `asOf`, with the definitions of that time. Takes two concurrent round trips. */
  async getAsOf(organizationId: string, id: string, asOf: Date): Promise<EndUserOutput> {
    const [{ state, recordedAt }, definitions] = await Promise.all([
      this.past.existing(endUserStream, 'End user', id, organizationId, asOf),
      pastDefinitions(this.past, organizationId, asOf),
    ]);
    if (state.mergedInto) throw mergedAway(id, state.mergedInto);
    return shownEndUser({ state, recordedAt }, definitions);
  }

  /** Returns a page of end users without their values. */
  async list(
    organizationId: string,
    { email, phone, externalId, attributeId, attributeValue, ...others }: EndUserFilters,
    order: EndUserOrder,
    page: PageRequest,
  ): Promise<Page<JsonText>> {
    const { defaultRegion } = await this.settings.of(organizationId);
    const search: EndUserSearch = {
      ...others,
      address: addressOf({ email, phone, externalId }, defaultRegion),
      attribute: searchedAttribute({ attributeId, attributeValue }),
    };
    const keyset = ORDERS[order];
    const select = endUsersWhere(organizationId, [LISTED, ...keyset.selected].join(', '), search);
    return this.entities.page(endUserStream, organizationId, keyset, select, page);
  }

  /** Returns end users in their state after writes; refusals are passed on. Takes at most one round trip. */
  async allShown(
    organizationId: string,
    written: (Loaded<EndUser | undefined> | DomainError)[],
  ): Promise<(EndUserOutput | DomainError)[]> {
    const hasValues = written.some(
      (one) => !(one instanceof DomainError) && Object.keys(one.state?.customAttributes ?? {}).length > 0,
    );
    const statement = attributeDefinitions(organizationId, 'Contact');
    const definitions = hasValues ? await this.database.query<AttributeDefinition>(organizationId, statement) : [];
    return written.map((one) => (one instanceof DomainError ? one : shownEndUser(one, definitions)));
  }

  /** Returns one end user in its state after a write. */
  async shown(organizationId: string, written: Loaded<EndUser | undefined>): Promise<EndUserOutput> {
    const [shown] = await this.allShown(organizationId, [written]);
    return shown as EndUserOutput;
  }
}

/** Returns the kind and key of the address in the filters, if there is one. */
function addressOf(
  filters: Partial<Record<AddressKind, string>>,
  region: CountryCode | undefined,
): [AddressKind, string] | undefined {
  const given = Object.entries(filters) as [AddressKind, string | undefined][];
  const [filter, another] = given.filter((entry): entry is [AddressKind, string] => entry[1] !== undefined);
  if (another) throw refused(another[0], 'only one of email, phone and externalId may be sent');
  if (!filter) return undefined;
  const [kind, value] = filter;
  if (kind === 'email') return [kind, emailKey(value)];
  if (kind === 'externalId') return [kind, value];
  const number = phoneOfQuery(value, region);
  if (!number) throw refused('phone', `must be a phone number${region ? '' : ', with its country code such as %2B45'}`);
  return [kind, number];
}

function refused(path: string, message: string): DomainError {
  return invalidParameter([{ path, message }]);
}
