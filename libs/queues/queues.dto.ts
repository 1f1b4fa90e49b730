import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions, ApiSchema } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { Checked, Choice, faultOfWhole, type FieldOptions, Flag, Text, Whole } from '#libs/http/fields.js';
import { Nested } from '#libs/http/nested-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import { isRecord } from '#libs/platform/values.js';
import { type NumberMap, OFFER_ALGORITHMS, type OfferAlgorithm, type QueueThreshold } from './queue.rules.js';

const DAY = 86_400;
/** Maximum wait for an agent, in seconds: 30 days. Offers wait for an answer at most a day. */
const LONG = 30 * DAY;
const MAX_INT32 = 2_147_483_647;

/** The maximum number for each key. */
const THRESHOLDS: Record<QueueThreshold, number> = {
  AvailableAgents: MAX_INT32,
  LongestWait: LONG,
  SlaPercentage: 100,
  SlaTimeLimit: LONG,
  WaitingConversations: MAX_INT32,
};
const TIMEOUTS = Object.fromEntries(CONVERSATION_CHANNELS.map((channel) => [channel, LONG]));

/** Returns the schema of a map from these keys to whole numbers. */
function mapSchema(limits: Record<string, number>) {
  const maximum = Math.max(...Object.values(limits));
  return {
    type: 'object',
    propertyNames: { enum: Object.keys(limits) },
    additionalProperties: { type: 'integer', format: 'int32', minimum: 0, maximum },
  } as ApiPropertyOptions;
}

/** Declares a map from some of these keys to whole numbers. */
function WholeMap(limits: Record<string, number>, docs: FieldOptions) {
  const fault = (value: unknown) => {
    if (!isRecord(value)) return 'must be an object';
    for (const [key, item] of Object.entries(value)) {
      if (!Object.hasOwn(limits, key)) return `may only have the keys ${Object.keys(limits).join(', ')}`;
      const reason = faultOfWhole(item, 0, limits[key]);
      if (reason) return `${key} ${reason}`;
    }
    return undefined;
  };
  const open = { optional: true, nullable: true };
  return Checked({ ...docs, ...open, fault, schema: mapSchema(limits) });
}

const DOCS = {
  name: { description: 'The name. It need not be unique.', example: 'Support' },
  isDefault: {
    description:
      'Whether the queue is the default queue. An organization has at most one: setting it here replaces the previous default.',
    example: false,
  },
  callFunctionality: { description: 'Whether the queue is for phone calls.', example: false },
  isDoNotOfferEnabled: {
    description: 'Whether `doNotOfferTimeouts` apply.',
    example: true,
  },
  queueThresholds: {
    description: `The thresholds of warnings, by kind. AvailableAgents and WaitingConversations are counts, LongestWait and SlaTimeLimit are seconds (at most ${LONG}), SlaPercentage is from 0 to 100.`,
    example: { SlaPercentage: 80, SlaTimeLimit: 120 },
  },
  doNotOfferTimeouts: {
    description: `For each channel, the seconds before a conversation is offered again to an agent that did not take it; at most ${LONG}.`,
    example: { Email: 3600, WidgetChat: 60 },
  },
  offerTimeout: {
    description:
      'The seconds for which a conversation is offered to an agent. Without a value, it is offered until an agent takes it.',
    example: 30,
  },
  offerAlgorithm: {
    description: 'How conversations are offered to the members. Without a value: AllAtOnce.',
    example: 'LongestIdle',
  },
  wrapupTimeout: {
    description: 'The seconds that an agent has between two conversations. Without a value: none.',
    example: 15,
  },
  priority: {
    description: 'The priority among queues, where 1 is the highest. A queue without a value comes last.',
    example: 1,
  },
  offerAbandonedConversations: {
    description: 'Whether conversations that the end user has left are offered. Default: false.',
    example: false,
  },
  preferredAgentTimeouts: {
    description: `For each channel, the seconds for which a conversation waits for its preferred agent only; at most ${LONG}.`,
    example: { Email: 7200 },
  },
  isPreferredAgentEnabled: { description: 'Whether `preferredAgentTimeouts` apply. Default: false.', example: true },
  preferredAgentOfflineTimeout: {
    description:
      'The seconds for which a conversation waits for its preferred agent while that agent is offline. Without a value: none.',
    example: 3600,
  },
  personalAgentOfflineTimeout: {
    description:
      'The seconds for which a conversation waits for its personal agent while that agent is offline. Without a value: none.',
    example: 86_400,
  },
  isRestricted: {
    description: 'Whether only members may see the conversations of the queue. Default: false.',
    example: false,
  },
};

const open = { optional: true, nullable: true };

/** The optional fields of a queue; `null` is no value. */
class OptionalQueueFields {
  @WholeMap(THRESHOLDS, DOCS.queueThresholds)
  queueThresholds?: NumberMap<QueueThreshold> | null;

  @WholeMap(TIMEOUTS, DOCS.doNotOfferTimeouts)
  doNotOfferTimeouts?: NumberMap<ConversationChannel> | null;

  @Whole({ ...DOCS.offerTimeout, max: DAY, ...open })
  offerTimeout?: number | null;

  @Choice({ ...DOCS.offerAlgorithm, values: OFFER_ALGORITHMS, ...open })
  offerAlgorithm?: OfferAlgorithm | null;

  @Whole({ ...DOCS.wrapupTimeout, max: DAY, ...open })
  wrapupTimeout?: number | null;

  @Whole({ ...DOCS.priority, min: 1, max: 100, ...open })
  priority?: number | null;

  @Flag({ ...DOCS.offerAbandonedConversations, ...open })
  offerAbandonedConversations?: boolean | null;

  @WholeMap(TIMEOUTS, DOCS.preferredAgentTimeouts)
  preferredAgentTimeouts?: NumberMap<ConversationChannel> | null;

  @Flag({ ...DOCS.isPreferredAgentEnabled, ...open })
  isPreferredAgentEnabled?: boolean | null;

  @Whole({ ...DOCS.preferredAgentOfflineTimeout, max: LONG, ...open })
  preferredAgentOfflineTimeout?: number | null;

  @Whole({ ...DOCS.personalAgentOfflineTimeout, max: LONG, ...open })
  personalAgentOfflineTimeout?: number | null;

  @Flag({ ...DOCS.isRestricted, ...open })
  isRestricted?: boolean | null;
}

export class CreateOrUpdateQueueRequest extends OptionalQueueFields {
  @Text(DOCS.name)
  name: string;

  @Flag(DOCS.callFunctionality)
  callFunctionality: boolean;

  @Flag(DOCS.isDefault)
  isDefault: boolean;

  @Flag(DOCS.isDoNotOfferEnabled)
  isDoNotOfferEnabled: boolean;
}

export class CreateQueueInput {
  @Nested(() => CreateOrUpdateQueueRequest, { description: 'The queue.' })
  request: CreateOrUpdateQueueRequest;
}

export class PatchQueueInput extends OptionalQueueFields {
  @Text({ ...DOCS.name, optional: true })
  name?: string;

  @Flag({ ...DOCS.callFunctionality, optional: true })
  callFunctionality?: boolean;

  @Flag({ ...DOCS.isDefault, optional: true })
  isDefault?: boolean;

  @Flag({ ...DOCS.isDoNotOfferEnabled, optional: true })
  isDoNotOfferEnabled?: boolean;
}

const QUEUE_ID = { format: 'uuid', example: EXAMPLE_IDS.queue };
const INT32 = { type: 'integer', format: 'int32' } as const;

class QueueUsages {
  @ApiProperty({ description: 'The queue id.', ...QUEUE_ID })
  queueId: string;

  @ApiProperty({
    description: 'The contact points that lead into the queue, by channel. Always empty: none are stored.',
    type: 'object',
    propertyNames: { enum: CONVERSATION_CHANNELS },
    additionalProperties: { type: 'array', uniqueItems: true, items: { type: 'string' } },
    example: {},
  } as ApiPropertyOptions)
  usages: Record<string, string[]>;
}

@ApiSchema({ name: 'Queue' })
export class QueueOutput {
  @ApiProperty({ description: 'The queue id.', ...QUEUE_ID })
  id: string;

  @ApiProperty(DOCS.name)
  name: string;

  @ApiProperty(DOCS.isDefault)
  isDefault: boolean;

  @ApiProperty({
    description: 'The organization of the queue.',
    format: 'uuid',
    example: EXAMPLE_IDS.organization,
  })
  organizationId: string;

  @ApiPropertyOptional(DOCS.callFunctionality)
  callFunctionality: boolean;

  @ApiProperty({ ...DOCS.queueThresholds, ...mapSchema(THRESHOLDS) })
  queueThresholds: NumberMap<QueueThreshold>;

  @ApiProperty({
    description: 'How abandoned conversations count in service levels. Always `AbandonedIgnored`.',
    enum: ['AbandonedIgnored'],
    example: 'AbandonedIgnored',
  })
  slaCalculationMethod: 'AbandonedIgnored';

  @ApiPropertyOptional({ ...DOCS.offerTimeout, ...INT32 })
  offerTimeout?: number;

  @ApiPropertyOptional({ ...DOCS.offerAlgorithm, enum: OFFER_ALGORITHMS })
  offeringAlgorithm?: OfferAlgorithm;

  @ApiPropertyOptional({
    description: 'How agents become members. Always `Default`: they are assigned.',
    enum: ['Default', 'SkillBased'],
    example: 'Default',
  })
  memberListType: 'Default';

  @ApiPropertyOptional({ description: 'The contact points that lead into the queue.', type: QueueUsages })
  usages: QueueUsages;

  @ApiPropertyOptional({ ...DOCS.wrapupTimeout, ...INT32 })
  wrapupTimeout?: number;

  @ApiPropertyOptional({ ...DOCS.priority, ...INT32 })
  priority?: number;

  @ApiPropertyOptional(DOCS.offerAbandonedConversations)
  offerAbandonedConversations?: boolean;

  @ApiProperty({ ...DOCS.doNotOfferTimeouts, ...mapSchema(TIMEOUTS) })
  doNotOfferTimeouts: NumberMap<ConversationChannel>;

  @ApiProperty(DOCS.isDoNotOfferEnabled)
  isDoNotOfferEnabled: boolean;

  @ApiPropertyOptional(DOCS.isPreferredAgentEnabled)
  isPreferredAgentEnabled?: boolean;

  @ApiPropertyOptional({ ...DOCS.preferredAgentTimeouts, ...mapSchema(TIMEOUTS) })
  preferredAgentTimeouts?: NumberMap<ConversationChannel>;

  @ApiPropertyOptional({ ...DOCS.preferredAgentOfflineTimeout, ...INT32 })
  preferredAgentOfflineTimeout?: number;

  @ApiPropertyOptional({ ...DOCS.personalAgentOfflineTimeout, ...INT32 })
  personalAgentOfflineTimeout?: number;

  @ApiPropertyOptional(DOCS.isRestricted)
  isRestricted?: boolean;
}

export const ListQueuesOutput = listOutput('ListQueuesOutput', QueueOutput);
export const GetQueueByIdOutput = dataOutput('GetQueueByIdOutput', QueueOutput);
export const CreateQueueOutput = dataOutput('CreateQueueOutput', QueueOutput);
export const PatchQueueOutput = dataOutput('PatchQueueOutput', QueueOutput);
