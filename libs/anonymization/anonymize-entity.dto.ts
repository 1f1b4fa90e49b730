import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Choice, Flag, Text } from '#libs/http/fields.js';
import { invalidBody } from '#libs/platform/domain-error.js';
import { faultOfUuid } from '#libs/platform/uuid.js';
import { type AnonymizedEntity } from './anonymization.rules.js';

const ENTITIES = ['Conversation', 'Message', 'User'] as const satisfies AnonymizedEntity[];
const OLDER_NAMES = ENTITIES.map((entity) => `${entity}AnonymizationType`);

export class AnonymizeEntityInput {
  @Choice({
    description: 'The kind of entity. Required unless `entityType` is sent.',
    values: [...ENTITIES],
    example: 'User',
    optional: true,
    nullable: true,
  })
  _type?: AnonymizedEntity | null;

  @Text({
    description: 'The id of the end user or message, or the number of the conversation.',
    example: EXAMPLE_IDS.otherEndUser,
    max: 64,
  })
  entityId: string;

  @Choice({
    description: 'The kind of entity, for clients that do not send `_type`.',
    values: OLDER_NAMES,
    example: 'UserAnonymizationType',
    optional: true,
    nullable: true,
  })
  entityType?: string | null;

  @Flag({
    description: 'Whether to close the affected conversations first. Default: false.',
    example: false,
    optional: true,
    nullable: true,
  })
  forceAnonymization?: boolean | null;
}

/** The entity that an input names. A conversation has a number, the others have ids. */
export type Anonymized =
  { entity: 'Conversation'; id: number; force: boolean } | { entity: 'Message' | 'User'; id: string; force: boolean };

/** @throws {DomainError} `invalid` when the input names no kind, two kinds, or an id of another form */
export function anonymizedBy({ _type, entityType, entityId, forceAnonymization }: AnonymizeEntityInput): Anonymized {
  const older = ENTITIES.find((one) => entityType === `${one}AnonymizationType`);
  const entity = _type ?? older;
  if (!entity) throw invalidBody([{ path: '_type', message: `must be one of: ${ENTITIES.join(', ')}` }]);
  if (older && older !== entity) throw invalidBody([{ path: 'entityType', message: `must be the same as _type` }]);
  const force = forceAnonymization ?? false;
  if (entity === 'Conversation') {
    const id = /^[1-9]\d*$/.test(entityId) ? Number(entityId) : NaN;
    if (Number.isSafeInteger(id)) return { entity, id, force };
    throw invalidBody([{ path: 'entityId', message: 'must be the number of a conversation' }]);
  }
  const fault = faultOfUuid(entityId);
  if (fault) throw invalidBody([{ path: 'entityId', message: fault }]);
  return { entity, id: entityId.toLowerCase(), force };
}
