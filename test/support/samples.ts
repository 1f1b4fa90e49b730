import { agentSamples } from '#libs/agents/agent.samples.js';
import { presenceSamples } from '#libs/agents/presence.samples.js';
import { anonymizationSamples } from '#libs/anonymization/anonymization.samples.js';
import { contactEndpointSamples } from '#libs/contact-endpoints/contact-endpoint.samples.js';
import { conversationSamples } from '#libs/conversations/conversation.samples.js';
import { customAttributeSamples } from '#libs/custom-attributes/custom-attribute.samples.js';
import { endUserSamples } from '#libs/end-users/end-user.samples.js';
import { apiTokenSamples } from '#libs/organizations/api-token.samples.js';
import { organizationSamples } from '#libs/organizations/organization.samples.js';
import { queueSamples } from '#libs/queues/queue.samples.js';
import { tagSamples } from '#libs/tags/tag.samples.js';
import { teamSamples } from '#libs/teams/team.samples.js';
import { type Samples } from '#libs/testing/projected.js';
import { recoverySamples } from '#libs/webhooks/recovery/recovery.samples.js';
import { subscriptionSamples } from '#libs/webhooks/subscriptions/subscription.samples.js';

/** Histories of every kind of stream. */
export const SAMPLES: Samples[] = [
  agentSamples,
  presenceSamples,
  anonymizationSamples,
  contactEndpointSamples,
  conversationSamples,
  customAttributeSamples,
  endUserSamples,
  apiTokenSamples,
  organizationSamples,
  queueSamples,
  tagSamples,
  teamSamples,
  recoverySamples,
  subscriptionSamples,
];
