import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Variant } from '#libs/http/nested-fields.js';
import { type ContactEndpoint } from './contact-endpoint.rules.js';

export const MAX_FUNCTIONALITY = 20;
export const MAX_FUNCTIONALITY_LENGTH = 64;

/** The descriptions of the fields, in requests and responses. */
export const DOCS = {
  EmailEndpoint: 'An e-mail address of the organization.',
  TelephonyEndpoint: 'A phone number of the organization.',
  address: {
    description:
      'The e-mail address, which is also the id, stored in lower case. It is unique in the organization and cannot be changed.',
    example: 'support@acme.example',
    format: 'email',
  },
  senderOverride: {
    description: 'The e-mail address that is shown as the sender of its e-mails, instead of its own.',
    example: 'noreply@acme.example',
    format: 'email',
  },
  number: {
    description:
      'The phone number, which is also the id, stored in E.164. It is unique in the organization and cannot be changed.',
    example: '+4578787878',
  },
  functionality: {
    description: `What the number is used for: at most ${MAX_FUNCTIONALITY} texts of the organization’s choice.`,
    example: ['InboundCalls', 'Sms'],
  },
  name: { description: 'The display name.', example: 'Support' },
};

export class EmailEndpoint {
  @Variant('EmailEndpoint', DOCS.EmailEndpoint)
  _type: 'EmailEndpoint';

  @ApiProperty(DOCS.address)
  address: string;

  @ApiPropertyOptional(DOCS.name)
  name?: string;

  @ApiPropertyOptional(DOCS.senderOverride)
  senderOverride?: string;
}

export class TelephonyEndpoint {
  @Variant('TelephonyEndpoint', DOCS.TelephonyEndpoint)
  _type: 'TelephonyEndpoint';

  @ApiProperty(DOCS.number)
  number: string;

  @ApiPropertyOptional(DOCS.name)
  name?: string;

  @ApiPropertyOptional({ ...DOCS.functionality, type: [String] })
  functionality?: string[];
}

/** A contact endpoint as the API shows it. Its address or number is its id. */
export type ShownEndpoint = EmailEndpoint | TelephonyEndpoint;

export function shownEndpoint(endpoint: ContactEndpoint): ShownEndpoint {
  const { _type, name } = endpoint;
  return _type === 'EmailEndpoint'
    ? { _type, address: endpoint.address, name, senderOverride: endpoint.senderOverride }
    : { _type, number: endpoint.number, name, functionality: endpoint.functionality };
}
