import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { nameKey } from '#libs/platform/text.js';
import { addressPart } from './end-user-addresses.projection.js';
import { valuesPart } from './end-user-attributes.projection.js';
import {
  decideEndUser,
  type EndUser,
  type EndUserCommand,
  type EndUserEvent,
  evolveEndUser,
} from './end-user.rules.js';
import { shownAlone } from './end-user.shown.js';
import { mergedPart } from './merged-end-users.projection.js';

export const endUserStream: StreamDefinition<EndUser | undefined, EndUserEvent, EndUserCommand> = {
  category: 'endUser',
  types: {
    EndUserCreated: true,
    EndUserUpdated: true,
    EndUserCustomAttributesUpdated: true,
    EndUserMerged: true,
    EndUserMergedInto: true,
    EndUserAnonymizationRequested: true,
    EndUserAnonymized: true,
  },
  initialState: undefined,
  shape: 1,
  creates: 'CreateEndUser',
  decide: decideEndUser,
  evolve: evolveEndUser,
  row: {
    table: 'end_users',
    isPresent: ({ mergedInto }) => mergedInto === undefined,
    shown: shownAlone,
    columns: {
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
      updated_at: { of: (_, { recordedAt }) => recordedAt },
      // Lists are sorted and searched by this column; it is never NULL.
      search_name: { of: ({ displayName = '' }) => nameKey(displayName) },
      display_name: { of: ({ displayName }) => displayName },
      email: { of: ({ email }) => email },
      phone_number: { of: ({ phoneNumber }) => phoneNumber },
      anonymization: { of: ({ anonymization }) => anonymization },
    },
  },
  parts: [addressPart, valuesPart, mergedPart],
  personal: {
    EndUserCreated: ['person'],
    EndUserUpdated: ['changes'],
    EndUserCustomAttributesUpdated: ['values'],
    EndUserMerged: ['changes', 'values'],
  },
  forgetsWith: 'EndUserAnonymized',
};
