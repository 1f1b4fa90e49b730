import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type FieldOptions, Text, Texts } from '#libs/http/fields.js';
import { emailKey, faultOfEmail, faultOfWebUrl } from './contact.js';
import { MAX_ADDITIONAL, type PersonInputFields } from './person.js';

const MAX_MIDDLE_NAMES = 10;

const DOCS = {
  displayName: { description: 'The display name.', example: 'Alice Brown' },
  email: {
    description:
      'The primary e-mail address, stored in lower case. `u@müller.example` and `u@xn--mller-kva.example` are the same address.',
    example: 'alice@customers.example',
    format: 'email',
  },
  phoneNumber: {
    description:
      'The primary phone number, stored in E.164. A number without a country code belongs to the default region.',
    example: '+4530405060',
  },
  additionalEmails: {
    description: `Additional e-mail addresses, at most ${MAX_ADDITIONAL}.`,
    example: ['alice.brown@work.example'],
  },
  additionalPhoneNumbers: {
    description: `Additional phone numbers, at most ${MAX_ADDITIONAL}.`,
    example: ['+4530405061'],
  },
  firstName: { description: 'The first name.', example: 'Alice' },
  lastName: { description: 'The last name.', example: 'Brown' },
  middleNames: { description: `The middle names, at most ${MAX_MIDDLE_NAMES}.`, example: ['Marie'] },
  avatarUrl: { description: 'The URL of a picture.', example: 'https://brown.example/alice.png', format: 'uri' },
};

const open = { optional: true, nullable: true };

/** Declares the display name of an end user or agent. */
export const DisplayName = (presence: Pick<FieldOptions, 'optional' | 'nullable'> = {}) =>
  Text({ ...DOCS.displayName, ...presence });

/** Declares the primary e-mail address of an end user or agent. */
export const EmailAddress = (presence: Pick<FieldOptions, 'optional' | 'nullable'> = {}) =>
  Text({ ...DOCS.email, max: 254, controls: true, fault: faultOfEmail, ...presence });

/** The common input fields of end users and agents. `null` is no value, as if a PUT left the field out. */
export class PersonInput implements PersonInputFields {
  @Text({ ...DOCS.phoneNumber, max: 40, controls: true, ...open })
  phoneNumber?: string | null;

  @Texts({
    ...DOCS.additionalEmails,
    max: 254,
    controls: true,
    maxItems: MAX_ADDITIONAL,
    fault: faultOfEmail,
    sameAs: emailKey,
    ...open,
  })
  additionalEmails?: string[] | null;

  @Texts({ ...DOCS.additionalPhoneNumbers, max: 40, controls: true, maxItems: MAX_ADDITIONAL, ...open })
  additionalPhoneNumbers?: string[] | null;

  @Text({ ...DOCS.firstName, ...open })
  firstName?: string | null;

  @Text({ ...DOCS.lastName, ...open })
  lastName?: string | null;

  @Texts({ ...DOCS.middleNames, maxItems: MAX_MIDDLE_NAMES, repeatable: true, ...open })
  middleNames?: string[] | null;

  @Text({ ...DOCS.avatarUrl, max: 2048, fault: faultOfWebUrl, ...open })
  avatarUrl?: string | null;
}

/** The common output fields of end users and agents. */
export class PersonOutput {
  @ApiPropertyOptional(DOCS.phoneNumber)
  phoneNumber?: string;

  @ApiPropertyOptional({ ...DOCS.additionalEmails, type: [String] })
  additionalEmails: string[];

  @ApiPropertyOptional({ ...DOCS.additionalPhoneNumbers, type: [String] })
  additionalPhoneNumbers: string[];

  @ApiPropertyOptional(DOCS.firstName)
  firstName?: string;

  @ApiPropertyOptional(DOCS.lastName)
  lastName?: string;

  @ApiPropertyOptional({ ...DOCS.middleNames, type: [String] })
  middleNames: string[];

  @ApiPropertyOptional(DOCS.avatarUrl)
  avatarUrl?: string;
}

/** Declare a name and an address that are always present in one output and optional in another. */
export const displayNameShown = (always: boolean) => ApiProperty({ ...DOCS.displayName, required: always });
export const emailShown = (always: boolean) => ApiProperty({ ...DOCS.email, required: always });
