import { type PastStreams } from '#libs/event-store/past-streams.js';
import { type AttributeDefinition } from './attribute-values.js';
import { customAttributeStream } from './custom-attribute.projection.js';

/** All definitions that there were then, oldest first, archived ones too. */
export async function pastDefinitions(
  past: PastStreams,
  organizationId: string,
  asOf: Date,
): Promise<AttributeDefinition[]> {
  const attributes = await past.loadAll(customAttributeStream, organizationId, asOf);
  const created = attributes.flatMap(({ state, begunAt }) =>
    state ? [{ state, key: `${begunAt.toISOString()} ${state.id}` }] : [],
  );
  return created.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ state }) => state);
}
