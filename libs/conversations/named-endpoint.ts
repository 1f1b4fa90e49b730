import { type OtherEndpoint } from '#libs/contact-endpoints/contact-endpoint.published.js';
import { type EndpointType } from '#libs/contact-endpoints/contact-endpoint.rules.js';
import { invalidBody } from '#libs/platform/domain-error.js';
import { type CreateConversationInput } from './conversation-inputs.dto.js';

/** The contact endpoint that a new conversation names, and the field that names it. */
interface NamedEndpoint {
  type: EndpointType;
  field: string;
  address: string;
}

/** Returns the contact endpoint that an input names; undefined for chats, which have a widget instead. */
export function endpointOf(input: CreateConversationInput): NamedEndpoint | undefined {
  switch (input._type) {
    case 'Email':
    case 'ContactForm':
      return { type: 'EmailEndpoint', field: 'emailIntegrationId', address: input.emailIntegrationId };
    case 'Callback':
    case 'Sms':
      return { type: 'TelephonyEndpoint', field: 'contactEndpointId', address: input.contactEndpointId };
    case 'Chat':
      return undefined;
  }
}

/**
 * Refuses an input that names none of the organization's contact endpoints.
 * @param others the organization's endpoints of that type
 * @throws {DomainError} `invalid`
 */
export function mustNameAnEndpoint(input: CreateConversationInput, others: OtherEndpoint[]): void {
  const endpoint = endpointOf(input);
  const [first] = others;
  if (!endpoint || !first) return;
  const more = first.total - others.length;
  const list = others.map(({ address }) => address).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const kind = endpoint.type === 'EmailEndpoint' ? 'address' : 'number';
  const message = `must be the ${kind} of a contact endpoint; this organization has: ${list}`;
  throw invalidBody([{ path: endpoint.field, message }]);
}
