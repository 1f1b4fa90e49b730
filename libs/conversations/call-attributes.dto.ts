import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { type DescribedField, describedSchema, OPTIONAL } from '#libs/http/described-schema.js';
import { unionSchema } from '#libs/http/nested-fields.js';
import { CONTENTS, File } from './message-inputs.dto.js';

const LATER = ' No operation returns this yet.';
const DIRECTION: DescribedField = [
  'The direction.',
  'Inbound',
  { enum: ['Inbound', 'Internal', 'Outbound'], ...OPTIONAL },
];
const DURATION: DescribedField = ['The duration in seconds.', 214, { type: 'integer', format: 'int32', ...OPTIONAL }];
const CONTENT: DescribedField = [
  'The content.',
  { _type: 'Text', value: 'My order has not arrived.' },
  { ...unionSchema(CONTENTS), ...OPTIONAL },
];
const moment = (description: string, example: number): DescribedField => [
  description,
  example,
  { type: 'integer', format: 'int64', ...OPTIONAL },
];

const FORM_VALUES = {
  Attachments: describedSchema('Attachments', 'Files.', {
    value: ['The files.', [{ url: 'https://files.brown.example/receipt.pdf' }], { type: [File], ...OPTIONAL }],
  }),
  Select: describedSchema('Select', 'Selected options.', {
    value: ['The options.', ['Returns'], { type: [String], ...OPTIONAL }],
  }),
  Text: describedSchema('FormText', 'A text.', { value: ['The text.', 'A-1042'] }, 'Text'),
};

@ApiExtraModels(...Object.values(FORM_VALUES))
class FormSubmission {
  @ApiProperty({
    description: 'The values by the names of the fields.',
    type: 'object',
    additionalProperties: unionSchema(FORM_VALUES),
    example: { order: { _type: 'Text', value: 'A-1042' } },
  })
  values: object;
}

/** Types of messages of calls and forms, which the public API has and the server does not make. */
export const CALL_ATTRIBUTES = {
  CallRecordingAttributes: describedSchema('CallRecordingAttributes', `A recorded call.${LATER}`, {
    recording: ['The URL of the recording.', 'https://files.acme.example/call.mp3'],
    duration: DURATION,
  }),
  MessengerFormAttributes: describedSchema('MessengerFormAttributes', `A form that was filled in.${LATER}`, {
    formSubmission: ['The form.', { values: {} }, { type: FormSubmission }],
    direction: DIRECTION,
    content: CONTENT,
  }),
  PhoneAttributes: describedSchema('PhoneAttributes', `A call.${LATER}`, {
    from: ['The number that called.', '+4570123456'],
    to: ['The number that was called.', '+4578787878'],
    direction: DIRECTION,
    duration: DURATION,
  }),
  TranscriptAttributes: describedSchema('TranscriptAttributes', `A statement in a call.${LATER}`, {
    content: CONTENT,
    direction: DIRECTION,
    utterance_start_ms: moment('When it began, in milliseconds since the beginning of the call.', 12_000),
    utterance_end_ms: moment('When it ended.', 15_500),
  }),
};
