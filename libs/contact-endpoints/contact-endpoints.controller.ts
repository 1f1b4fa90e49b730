import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { StrictBody, UnionInput } from '#libs/http/input.js';
import { Delete, Patch, Post } from '#libs/http/methods.js';
import { TextParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { MAX_CONTACT_ENDPOINTS } from './contact-endpoint.rules.js';
import { DOCS, type ShownEndpoint } from './contact-endpoint.shown.js';
import { contactEndpointStream } from './contact-endpoint.stream.js';
import {
  ContactEndpointOutput,
  CREATE_CONTACT_ENDPOINT_INPUTS,
  type CreateContactEndpointInput,
  faultOfEndpointId,
  ListContactPointsOutput,
  PatchContactEndpointInput,
} from './contact-endpoints.dto.js';
import {
  CreateContactEndpoint,
  DeleteContactEndpoint,
  GetContactEndpoint,
  ListContactEndpoints,
  UpdateContactEndpoint,
} from './contact-endpoints.handlers.js';

const ID = 'contactEndpointId';
const EndpointId = () =>
  TextParam(ID, 'The e-mail address or phone number, URL-encoded.', DOCS.address.example, faultOfEndpointId);
const MAX = MAX_CONTACT_ENDPOINTS.toLocaleString('en');

@ApiTags('Contact Endpoints')
@Controller('v1/contact-endpoints')
export class ContactEndpointsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all contact endpoints in an organization.',
    description: 'Sorted by address or number.',
    success: [200, 'The list of contact endpoints in an organization', ListContactPointsOutput],
  })
  async list(@Caller() { organizationId }: WriteContext, @AsOf() asOf?: Date): Promise<{ data: Sendable<object>[] }> {
    return { data: await this.queries.execute(new ListContactEndpoints({ organizationId, asOf })) };
  }

  @Post()
  @Versioned(contactEndpointStream)
  @Endpoint({
    summary: 'Create a contact endpoint.',
    description: `If another contact endpoint has the address or number, the answer is 400. Once an organization has an \`EmailEndpoint\`, conversations by e-mail and contact form must name one; once it has a \`TelephonyEndpoint\`, so must text messages and callbacks. An organization has at most ${MAX} contact endpoints; beyond that, the answer is 409.`,
    success: [201, 'The created contact endpoint', ContactEndpointOutput],
    errors: [409],
  })
  async createContactEndpoint(
    @Caller() context: WriteContext,
    @UnionInput(CREATE_CONTACT_ENDPOINT_INPUTS) input: CreateContactEndpointInput,
  ): Promise<{ data: ShownEndpoint }> {
    return { data: await this.commands.execute(new CreateContactEndpoint({ context, input })) };
  }

  @Get(`:${ID}`)
  @Versioned(contactEndpointStream, ID, { named: 'otherwise' })
  @Endpoint({
    summary: 'Get a contact endpoint by its address or number.',
    description: 'E-mail addresses are compared without regard to case.',
    success: [200, 'The contact endpoint', ContactEndpointOutput],
    errors: [404],
  })
  async getById(
    @Caller() { organizationId }: WriteContext,
    @EndpointId() address: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetContactEndpoint({ organizationId, address, asOf })) };
  }

  @Patch(`:${ID}`)
  @Versioned(contactEndpointStream, ID, { named: 'otherwise' })
  @Endpoint({
    summary: 'Change a contact endpoint.',
    description:
      'Changes only the fields that are sent; `null` clears a field. To change the address or number, delete the contact endpoint and create another one.',
    success: [200, 'The changed contact endpoint', ContactEndpointOutput],
    errors: [404, 409],
  })
  async updateContactEndpoint(
    @Caller() context: WriteContext,
    @EndpointId() address: string,
    @StrictBody() input: PatchContactEndpointInput,
  ): Promise<{ data: ShownEndpoint }> {
    return { data: await this.commands.execute(new UpdateContactEndpoint({ context, address, changes: input })) };
  }

  @Delete(`:${ID}`)
  @Versioned(contactEndpointStream, ID, { named: 'otherwise' })
  @Endpoint({
    summary: 'Delete a contact endpoint.',
    description: 'Existing conversations keep its address or number, which can be used again.',
    success: [204, 'The contact endpoint was successfully deleted'],
    errors: [404, 409],
  })
  async deleteContactEndpoint(@Caller() context: WriteContext, @EndpointId() address: string): Promise<void> {
    await this.commands.execute(new DeleteContactEndpoint({ context, address }));
  }
}
