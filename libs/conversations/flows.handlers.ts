import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { allEndpoints, type EndpointRow } from '#libs/contact-endpoints/contact-endpoint.published.js';
import { Database } from '#libs/database/database.js';
import { query } from '#libs/platform/messages.js';
import { type ConversationFlow } from './flows.dto.js';

/** The flows by which conversations come in, sorted by address or number. */
export class ListFlows extends query<{ organizationId: string }, ConversationFlow[]>() {}

@QueryHandler(ListFlows)
export class ListFlowsHandler implements IQueryHandler<ListFlows> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId }: ListFlows): Promise<ConversationFlow[]> {
    const endpoints = await this.database.query<EndpointRow>(organizationId, allEndpoints(organizationId));
    return endpoints.map(({ id, type, address, name }) => ({
      id,
      name: name ?? address,
      channel: type === 'EmailEndpoint' ? 'Email' : 'PstnPhone',
      contactEndpointId: address,
    }));
  }
}
