import { type OpenAPIObject } from '@nestjs/swagger';
import { type ShownEventType, shownEventTypes } from '#libs/webhooks/catalogue/catalogue.published.js';

type Schema = Record<string, unknown>;

const HEADERS: [name: string, description: string, schema: Schema][] = [
  [
    'webhook-id',
    'The event id, as in the body. It is the same in each attempt, retry and recovery.',
    { type: 'string', format: 'uuid', examples: ['01980f62-0c1d-7f24-9e6f-3c4d5e6f7081'] },
  ],
  [
    'webhook-timestamp',
    'The time when this attempt was sent, in seconds since 1970.',
    { type: 'string', pattern: '^\\d+$', examples: ['1773480413'] },
  ],
  [
    'webhook-signature',
    'The signature by Standard Webhooks: `v1,` and the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64. While a secret key is rotated, there are several, separated by spaces.',
    { type: 'string', examples: ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='] },
  ],
  [
    'x-dixa-signature',
    'The same for receivers of the hosted API: `t=` and the time in milliseconds, then `,v1=` and the HMAC-SHA256 of `<t>.<body>` in hex.',
    { type: 'string', examples: ['t=1773480413589,v1=2f8a'] },
  ],
  [
    'x-dixa-subscription-id',
    'The id of the subscription.',
    { type: 'string', format: 'uuid', examples: ['01980f64-2e3f-7146-8081-5e6f708192a3'] },
  ],
];

const PARAMETERS = HEADERS.map(([name, description, schema]) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema,
}));

const RESPONSES = {
  '2XX': { description: 'The receiver has accepted the event. It is not delivered again.' },
  '4XX': { description: 'The delivery failed. It is retried by the schedule, then it is exhausted.' },
  '5XX': { description: 'The delivery failed. It is retried by the schedule, then it is exhausted.' },
};

/** Describes what subscribers receive, for each event that is produced, in the section `webhooks` of OpenAPI 3.1. */
export function documentWebhooks(document: OpenAPIObject): void {
  const produced = shownEventTypes().filter((event) => event.produced);
  const webhooks = Object.fromEntries(produced.map((event) => [event.name, { post: received(event) }]));
  Object.assign(document, { webhooks });
  for (const { schema = {} } of produced)
    Object.assign(((document.components ??= {}).schemas ??= {}), definitionsOf(schema));
}

/** In the catalogue, `#` is the schema of the data; in the document, it is the document. */
const LOCAL = /"#\/\$defs\/(\w)(\w*)"/g;

function nameOf(first: string, rest: string): string {
  return `WebhookPayload${first.toUpperCase()}${rest}`;
}

function inDocument(schema: object): Schema {
  const named = (_: string, first: string, rest: string) => `"#/components/schemas/${nameOf(first, rest)}"`;
  return JSON.parse(JSON.stringify(schema).replaceAll(LOCAL, named)) as Schema;
}

function definitionsOf(schema: object): Record<string, Schema> {
  const { $defs = {} } = schema as { $defs?: Record<string, Schema> };
  return Object.fromEntries(
    Object.entries($defs).map(([name, one]) => [nameOf(name.slice(0, 1), name.slice(1)), inDocument(one)]),
  );
}

function received(event: ShownEventType): object {
  return {
    operationId: `receive${event.name}`,
    tags: ['Webhooks'],
    summary: `Receive ${event.name}.`,
    description: `${event.description} Verify the signature before you process it.`,
    security: [],
    parameters: PARAMETERS,
    requestBody: {
      required: true,
      content: { 'application/json': { schema: payloadSchema(event), example: event.example } },
    },
    responses: RESPONSES,
  };
}

function payloadSchema({ eventFqn, version, schema = {} }: ShownEventType): Schema {
  const data = inDocument(schema);
  delete data.$defs;
  const properties = {
    event_id: { type: 'string', format: 'uuid', description: 'The event id.' },
    event_fqn: { const: eventFqn, description: 'The name of the event in payloads.' },
    event_version: { const: version, description: 'The version of `data`.' },
    event_timestamp: { type: 'string', format: 'date-time', description: 'When the event was recorded.' },
    organization: {
      type: 'object',
      description: 'The organization of the event.',
      required: ['id', 'name'],
      properties: { id: { type: 'string', format: 'uuid' }, name: { type: 'string' } },
    },
    data,
  };
  return { type: 'object', required: Object.keys(properties), properties };
}
