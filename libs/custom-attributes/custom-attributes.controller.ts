import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody } from '#libs/http/input.js';
import { Patch, Post } from '#libs/http/methods.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { customAttributeStream } from './custom-attribute.stream.js';
import {
  CreateCustomAttributeInput,
  CreateCustomAttributeOutput,
  type CustomAttributeDefinition,
  GetCustomAttributeOutput,
  ListCustomAttributesOutput,
  PatchCustomAttributeInput,
  PatchCustomAttributeOutput,
} from './custom-attributes.dto.js';
import {
  ArchiveCustomAttribute,
  CreateCustomAttribute,
  GetCustomAttribute,
  ListCustomAttributes,
  UpdateCustomAttribute,
} from './custom-attributes.handlers.js';

const Id = () => UuidParam('customAttributeId', 'The custom attribute id.');

@ApiTags('Custom Attributes')
@Controller('v1/custom-attributes')
export class CustomAttributesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all custom attributes in an organization.',
    description: 'Lists all attributes, oldest first, including deactivated and archived ones.',
    success: [200, 'The definitions of the custom attributes', ListCustomAttributesOutput],
  })
  async list(@Caller() caller: WriteContext): Promise<{ data: Sendable<object>[] }> {
    return { data: await this.queries.execute(new ListCustomAttributes({ organizationId: caller.organizationId })) };
  }

  @Post()
  @Versioned(customAttributeStream)
  @Endpoint({
    summary: 'Create a custom attribute.',
    description: 'Adds a field to all end users (`Contact`) or conversations. Options get generated ids.',
    success: [201, 'The created custom attribute', CreateCustomAttributeOutput],
  })
  async createCustomAttribute(
    @Caller() caller: WriteContext,
    @LenientBody() input: CreateCustomAttributeInput,
  ): Promise<{ data: CustomAttributeDefinition }> {
    return { data: await this.commands.execute(new CreateCustomAttribute({ context: caller, input })) };
  }

  @Get(':customAttributeId')
  @Versioned(customAttributeStream, 'customAttributeId')
  @Endpoint({
    summary: 'Get a custom attribute by id.',
    description: 'Archived attributes are returned, too.',
    success: [200, 'The definition of the custom attribute', GetCustomAttributeOutput],
    errors: [404],
  })
  async getById(
    @Caller() caller: WriteContext,
    @Id() id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return {
      data: await this.queries.execute(new GetCustomAttribute({ organizationId: caller.organizationId, id, asOf })),
    };
  }

  @Patch(':customAttributeId')
  @Versioned(customAttributeStream, 'customAttributeId')
  @Endpoint({
    summary: 'Change a custom attribute.',
    description:
      'Changes only the fields that are sent; `null` clears the description. An `inputDefinition` replaces the previous one: ' +
      'options that it leaves out are removed, and options with the same id, or with the same value at the same place, are ' +
      'kept. Values of end users and conversations do not change.',
    success: [200, 'The changed custom attribute', PatchCustomAttributeOutput],
    errors: [404, 409],
  })
  async updateCustomAttribute(
    @Caller() caller: WriteContext,
    @Id() id: string,
    @StrictBody() input: PatchCustomAttributeInput,
  ): Promise<{ data: CustomAttributeDefinition }> {
    return { data: await this.commands.execute(new UpdateCustomAttribute({ context: caller, id, input })) };
  }

  @Patch(':customAttributeId/archive')
  @Versioned(customAttributeStream, 'customAttributeId')
  @Endpoint({
    summary: 'Archive a custom attribute.',
    description:
      'Archives the attribute for good: it takes no new values and keeps its identifier. Archiving an archived attribute changes nothing.',
    success: [204, 'The custom attribute was successfully archived'],
    errors: [404, 409],
  })
  async archiveCustomAttribute(@Caller() caller: WriteContext, @Id() id: string): Promise<void> {
    await this.commands.execute(new ArchiveCustomAttribute({ context: caller, id }));
  }
}
