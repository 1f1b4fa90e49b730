import { type PastStreams } from '#libs/event-store/past-streams.js';
import { type AttributeDefinition } from './attribute-values.published.js';
import { type CustomAttribute } from './custom-attribute.rules.js';
import { customAttributeStream } from './custom-attribute.stream.js';

/** Returns all definitions that existed at `asOf`, oldest first, including archived ones. */
export async function pastDefinitions(
  past: PastStreams,
  organizationId: string,
  asOf: Date,
): Promise<AttributeDefinition[]> {
  const attributes = await past.loadAll(customAttributeStream, organizationId, asOf);
  const keyOf = ({ createdAt, id }: CustomAttribute) => `${createdAt} ${id}`;
  return attributes.flatMap(({ state }) => state ?? []).sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
