import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { customAttributeStream } from '#libs/custom-attributes/custom-attribute.projection.js';
import { endUserStream } from '#libs/end-users/end-user.projection.js';
import { organizationStream } from '#libs/organizations/organization.projection.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { subscriptionStream } from '#libs/webhooks/subscription.projection.js';

/** Every kind of stream that the store keeps. */
export const STREAMS: AnyStreamDefinition[] = [
  organizationStream,
  tagStream,
  subscriptionStream,
  customAttributeStream,
  endUserStream,
];
