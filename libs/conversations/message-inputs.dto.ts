import { ApiExtraModels, ApiPropertyOptional } from '@nestjs/swagger';
import { named } from '#libs/http/endpoint.js';
import { Text, Uuid, Uuids, Whole } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { NestedList, Union, Variant } from '#libs/http/nested-fields.js';
import { faultOfEmail, faultOfFileUrl } from '#libs/people/contact.js';
import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';

const MAX_CONTENT = 100_000;
export const MAX_ATTACHMENTS = 20;
/** A terabyte. */
const MAX_FILE = 1_000_000_000_000;
/** See RFC 9110, 8.3.1, without parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;
const MAX_RECIPIENTS = 50;

const SANITIZED = {
  type: String,
  description: 'The text as a page can show it: without scripts, styles, forms and frames. Only in answers.',
  example: '<p>My order has not arrived.</p>',
  readOnly: true,
};

/** Returns the schema of a content in one format. */
function content(format: string, name: string, example: string) {
  class Content {
    @Variant(format, name)
    _type: 'Html' | 'Markdown' | 'Text';

    @Text({ description: 'The text.', example, max: MAX_CONTENT, controls: true })
    value: string;

    sanitizedValue?: string;
  }
  if (format === 'Html') ApiPropertyOptional(SANITIZED)(Content.prototype, 'sanitizedValue');
  return named(format, Content);
}

export const CONTENTS = {
  Html: content('Html', 'An HTML text.', '<p>My order has not arrived.</p>'),
  Markdown: content('Markdown', 'A Markdown text.', 'My order has **not** arrived.'),
  Text: content('Text', 'A plain text.', 'My order has not arrived.'),
};

interface Content {
  _type: 'Html' | 'Markdown' | 'Text';
  value: string;
}

const CONTENT = {
  description: 'The content of the message.',
  example: { _type: 'Text', value: 'My order has not arrived.' },
};

export class File {
  @Text({
    description: 'The URL of the file.',
    example: 'https://files.brown.example/receipt.pdf',
    format: 'uri',
    max: 2048,
    fault: faultOfFileUrl,
  })
  url: string;

  @Text({ description: 'The display name.', example: 'receipt.pdf', optional: true, nullable: true })
  prettyName?: string | null;

  @Text({
    description: 'The media type.',
    example: 'application/pdf',
    max: 127,
    fault: (type) => (MEDIA_TYPE.test(type) ? undefined : 'must be a media type, such as application/pdf'),
    optional: true,
    nullable: true,
  })
  contentType?: string | null;

  @Whole({ description: 'The size in bytes.', example: 48_213, min: 0, max: MAX_FILE, optional: true, nullable: true })
  size?: number | null;
}

class AnyMessage {
  @NestedList(() => File, { description: 'The attached files.', maxItems: MAX_ATTACHMENTS, optional: true })
  attachments?: File[];

  @Text({
    description: 'The id of the e-mail integration.',
    example: 'support@acme.example',
    max: 254,
    fault: faultOfEmail,
    optional: true,
    nullable: true,
  })
  integrationEmail?: string | null;

  @Text({
    description: 'The id in another system, unique in the conversation. A message that is sent again changes nothing.',
    example: 'msg-20260314-1',
    optional: true,
    nullable: true,
  })
  externalId?: string | null;

  @Instant({
    description: 'When the message was written, for imports. Default: now. Must not be in the future.',
    example: '2026-03-14T09:26:53.589Z',
    optional: true,
    nullable: true,
  })
  createdAt?: string | null;
}

@ApiExtraModels(...Object.values(CONTENTS))
export class Inbound extends AnyMessage {
  @Variant('Inbound', 'A message from the end user.')
  _type: 'Inbound';

  @Union(CONTENTS, CONTENT)
  content: Content;
}

@ApiExtraModels(...Object.values(CONTENTS))
export class Outbound extends AnyMessage {
  @Variant('Outbound', 'A message from an agent.')
  _type: 'Outbound';

  @Union(CONTENTS, { ...CONTENT, optional: true })
  content?: Content;

  @Uuid({ description: 'The id of the agent who writes.', example: EXAMPLE_IDS.agent })
  agentId: string;

  @Uuids({
    description: 'The ids of end users who get a copy.',
    example: [EXAMPLE_IDS.endUser],
    maxItems: MAX_RECIPIENTS,
    optional: true,
  })
  cc?: string[];

  @Uuids({
    description: 'The ids of end users who get a blind copy.',
    example: [EXAMPLE_IDS.endUser],
    maxItems: MAX_RECIPIENTS,
    optional: true,
  })
  bcc?: string[];
}
