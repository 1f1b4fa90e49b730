import { type Statement } from '#libs/database/batch.js';
import { endpointKey, type EndpointType } from './contact-endpoint.rules.js';

/** Maximum number of endpoints that {@link otherEndpoints} reads. */
const MAX_OTHERS = 10;

/** An endpoint's address or number, and how many of its type the organization has. */
export interface OtherEndpoint {
  address: string;
  total: number;
}

/**
 * Reads the first {@link OtherEndpoint}s of a type if none of the organization's has this address or number: no rows if
 * one has, or if the organization has no endpoint of the type.
 * @param named no rows if undefined
 */
export function otherEndpoints(
  organizationId: string,
  named: { type: EndpointType; address: string } | undefined,
): Statement {
  const { type, key } = named ? endpointKey(named.type, named.address) : {};
  return {
    text: `SELECT address, count(*) OVER () AS total FROM contact_endpoints
           WHERE organization_id = $1 AND type = $2 AND NOT EXISTS (
             SELECT FROM contact_endpoints WHERE organization_id = $1 AND type = $2 AND address_key = $3)
           ORDER BY address_key LIMIT ${MAX_OTHERS}`,
    values: [organizationId, type, key],
  };
}

/** A row of {@link allEndpoints}. */
export interface EndpointRow {
  id: string;
  type: EndpointType;
  address: string;
  name: string | null;
}

/** Reads all contact endpoints of the organization by address or number, as {@link EndpointRow}s. */
export function allEndpoints(organizationId: string): Statement {
  return {
    text: `SELECT id, type, address, document->>'name' AS name FROM contact_endpoints
           WHERE organization_id = $1 ORDER BY address_key, id`,
    values: [organizationId],
  };
}
