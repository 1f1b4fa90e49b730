import { type AnyStreamDefinition, tablesOf } from '#libs/event-store/stream-definition.js';
import { agentsResource } from '#libs/agents/agents.resource.js';
import { anonymizationResource } from '#libs/anonymization/anonymization.resource.js';
import { contactEndpointsResource } from '#libs/contact-endpoints/contact-endpoints.resource.js';
import { conversationsResource } from '#libs/conversations/conversations.resource.js';
import { customAttributesResource } from '#libs/custom-attributes/custom-attributes.resource.js';
import { endUsersResource } from '#libs/end-users/end-users.resource.js';
import { eventsResource } from '#libs/events/events.resource.js';
import { apiTokensResource } from '#libs/organizations/api-tokens.resource.js';
import { organizationResource } from '#libs/organizations/organization.resource.js';
import { queuesResource } from '#libs/queues/queues.resource.js';
import { tagsResource } from '#libs/tags/tags.resource.js';
import { teamsResource } from '#libs/teams/teams.resource.js';
import { webhooksResource } from '#libs/webhooks/webhooks.resource.js';
import { type Resource } from './resource.js';

/** All resources, in the order of the API's document. */
export const RESOURCES = [
  endUsersResource,
  conversationsResource,
  agentsResource,
  teamsResource,
  queuesResource,
  tagsResource,
  customAttributesResource,
  contactEndpointsResource,
  webhooksResource,
  eventsResource,
  anonymizationResource,
  apiTokensResource,
  organizationResource,
] as const satisfies Resource[];

/** Every kind of stream that the store keeps. */
export const STREAMS: readonly AnyStreamDefinition[] = RESOURCES.flatMap(({ streams }: Resource) => streams);

/** Every read table, with the kind of stream that it is projected from. */
export const READ_TABLES = STREAMS.flatMap((stream) => tablesOf(stream).map((table) => ({ stream, table })));
