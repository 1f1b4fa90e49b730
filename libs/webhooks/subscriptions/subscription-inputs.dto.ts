import { ApiExtraModels } from '@nestjs/swagger';
import { Checked, Choice, Choices, Flag, Text, Whole } from '#libs/http/fields.js';
import { Union } from '#libs/http/nested-fields.js';
import { isRecord } from '#libs/platform/values.js';
import {
  EVENT_NAMES,
  faultOfEventName,
  filterFieldsOf,
  PRODUCED_EVENT_NAMES,
  type ProducedEventName,
  type WebhookEventName,
} from '../catalogue/catalogue.published.js';
import { faultOfFilters, type Filters } from '../events/filters.rules.js';
import { faultOfHeaders } from './subscriber-headers.rules.js';
import { AUTHORIZATIONS, CombinedFilters, DOCUMENTED, filtersSchema, headersSchema } from './subscription-fields.js';
import { type Authorization, ORDERINGS, type Ordering } from './subscription.rules.js';

const MAX_PER_SECOND = 1_000;
/** A week. */
const MAX_OVERLAP_HOURS = 168;

const headersFault = (value: unknown) => (isRecord(value) ? faultOfHeaders(value) : 'must be an object');

/** Settings that are optional, for a new subscription and for a change. */
class OptionalSettings {
  @Choices({ ...DOCUMENTED.events, values: EVENT_NAMES, fault: faultOfEventName, optional: true })
  events?: WebhookEventName[];

  @Flag({ ...DOCUMENTED.enabled, optional: true })
  enabled?: boolean;

  @Checked({ ...DOCUMENTED.customHeaders, fault: headersFault, schema: headersSchema, optional: true })
  customHeaders?: Record<string, string>;

  @Checked({
    ...DOCUMENTED.filters,
    fault: (value) => faultOfFilters(value, filterFieldsOf, faultOfEventName),
    schema: filtersSchema,
    optional: true,
  })
  filters?: Record<string, Filters>;

  @Choice({ ...DOCUMENTED.ordering, values: ORDERINGS, optional: true })
  ordering?: Ordering;

  @Whole({ ...DOCUMENTED.maxPerSecond, min: 1, max: MAX_PER_SECOND, optional: true, nullable: true })
  maxPerSecond?: number | null;
}

@ApiExtraModels(...Object.values(AUTHORIZATIONS), CombinedFilters)
export class CreateWebhookSubscriptionInput extends OptionalSettings {
  @Text(DOCUMENTED.name)
  name: string;

  @Text({ ...DOCUMENTED.url, max: 2048, controls: true, format: 'uri' })
  url: string;

  @Union(AUTHORIZATIONS, DOCUMENTED.authorization)
  authorization: Authorization;
}

export class PatchWebhookSubscriptionInput extends OptionalSettings {
  @Text({ ...DOCUMENTED.name, optional: true })
  name?: string;

  @Text({ ...DOCUMENTED.url, max: 2048, controls: true, format: 'uri', optional: true })
  url?: string;

  @Union(AUTHORIZATIONS, { ...DOCUMENTED.authorization, optional: true })
  authorization?: Authorization;
}

export class RotateWebhookSecretInput {
  @Whole({
    description: 'The hours for which deliveries are also signed with the old key. Default: 24.',
    example: 24,
    max: MAX_OVERLAP_HOURS,
    optional: true,
  })
  overlapHours?: number;
}

export class TestWebhookSubscriptionInput {
  @Choice({
    description:
      'The name of the event whose example is sent. The subscription need not contain it. Events that are not produced yet have no example.',
    example: 'TagCreated',
    values: PRODUCED_EVENT_NAMES,
  })
  event: ProducedEventName;
}
