import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  ApiAttributeValues,
  AttributeValuesBody,
  type CustomAttributeOutput,
} from '#libs/custom-attributes/attribute-values.published.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { BulkInput } from '#libs/http/bulk-input.js';
import { BulkRequests } from '#libs/http/bulk-requests.js';
import { type BulkOutcome, idOfItem } from '#libs/http/bulk.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody, QueryInput, validInput } from '#libs/http/input.js';
import { Patch, Post, Put } from '#libs/http/methods.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { CreateEndUsers, UpdateEndUsers } from './bulk-end-users.handlers.js';
import { replacing } from './end-user.rules.js';
import { endUserStream } from './end-user.stream.js';
import {
  BulkPatchEndUserInput,
  BulkPatchEndUsersInput,
  BulkPatchEndUsersOutput,
  BulkUpdateEndUserInput,
  BulkUpdateEndUsersInput,
  BulkUpdateEndUsersOutput,
  CreateEndUserInput,
  CreateEndUserOutput,
  CreateEndUsersInput,
  CreateEndUsersOutput,
  type EndUserOutput,
  GetEndUserOutput,
  ListEndUsersOutput,
  PatchCustomAttributesOutput,
  PatchEndUserInput,
  PatchEndUserOutput,
  UpdateEndUserInput,
  UpdateEndUserOutput,
} from './end-users.dto.js';
import {
  CreateEndUser,
  GetEndUser,
  ListEndUsers,
  UpdateEndUser,
  UpdateEndUserAttributes,
} from './end-users.handlers.js';
import { ListEndUsersQuery } from './list-end-users.dto.js';

const UserId = () => UuidParam('userId', 'The end user id.');
const UNIQUE = 'E-mail addresses, phone numbers and external ids are unique among end users.';

@ApiTags('End Users')
@Controller('v1/endusers')
export class EndUsersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bulk: BulkRequests,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List end users.',
    description:
      'Lists the end users that match all filters, without their custom attributes. Oldest first by default.',
    success: [200, 'A page of end users', ListEndUsersOutput],
    errors: [404],
  })
  async listUsers(@Caller() caller: WriteContext, @QueryInput() query: ListEndUsersQuery, @Paged() pages: Pages) {
    const { sort = 'createdAt' } = query;
    const list = new ListEndUsers({
      organizationId: caller.organizationId,
      filters: query,
      order: sort,
      page: pages.requested(query),
    });
    return pages.answer(await this.queries.execute(list));
  }

  @Post()
  @Versioned(endUserStream)
  @Endpoint({
    summary: 'Create an end user.',
    description: UNIQUE,
    success: [201, 'The created end user', CreateEndUserOutput],
    errors: [409],
  })
  async createUser(
    @Caller() caller: WriteContext,
    @LenientBody() input: CreateEndUserInput,
  ): Promise<{ data: EndUserOutput }> {
    return { data: await this.commands.execute(new CreateEndUser({ context: caller, input })) };
  }

  @Put()
  @Endpoint({
    summary: 'Replace many end users.',
    description:
      'Replaces each end user separately: one that fails does not affect the others. Fields that are not sent are cleared.',
    success: [200, 'The result for each item, in the order of the request', BulkUpdateEndUsersOutput],
  })
  async updateUsersBulk(@Caller() caller: WriteContext, @BulkInput(BulkUpdateEndUsersInput) items: unknown[]) {
    const prepare = async (item: unknown) => {
      const { id, ...fields } = await validInput(BulkUpdateEndUserInput, item, 'refuse');
      return { id, input: replacing(fields) };
    };
    return {
      data: await this.bulk.each(caller.organizationId, items, {
        idOf: idOfItem,
        prepare,
        carryOut: this.#updating(caller),
      }),
    };
  }

  @Patch()
  @Endpoint({
    summary: 'Patch many end users.',
    description:
      'Changes each end user separately: one that fails does not affect the others. Only the fields that are sent change; `null` clears a field.',
    success: [200, 'The result for each item, in the order of the request', BulkPatchEndUsersOutput],
  })
  async patchUsersBulk(
    @Caller() caller: WriteContext,
    @BulkInput(BulkPatchEndUsersInput) items: unknown[],
  ): Promise<{ data: BulkOutcome<EndUserOutput>[] }> {
    const prepare = async (item: unknown) => {
      const { id, ...input } = await validInput(BulkPatchEndUserInput, item, 'refuse');
      if (Object.keys(input).length === 0) {
        throw new DomainError('invalid', 'The patch contains no field to change', { bulkError: 'EmptyPatchSet' });
      }
      return { id, input };
    };
    return {
      data: await this.bulk.each(caller.organizationId, items, {
        idOf: idOfItem,
        prepare,
        carryOut: this.#updating(caller),
      }),
    };
  }

  @Post('bulk')
  @Endpoint({
    summary: 'Create many end users.',
    description: `Creates each end user separately: one that fails does not affect the others. ${UNIQUE}`,
    success: [201, 'The result for each item, in the order of the request', CreateEndUsersOutput],
  })
  async createUsersBulk(
    @Caller() caller: WriteContext,
    @BulkInput(CreateEndUsersInput) items: unknown[],
  ): Promise<{ data: BulkOutcome<EndUserOutput>[] }> {
    const prepare = (item: unknown) => validInput(CreateEndUserInput, item, 'ignore');
    const carryOut = (inputs: CreateEndUserInput[]) =>
      this.commands.execute(new CreateEndUsers({ context: caller, inputs }));
    return { data: await this.bulk.each(caller.organizationId, items, { prepare, carryOut }) };
  }

  @Get(':userId')
  @Versioned(endUserStream, 'userId')
  @Endpoint({
    summary: 'Get an end user by id.',
    description: 'An anonymized end user has only its id and `createdAt`.',
    success: [200, 'The end user', GetEndUserOutput],
    errors: [404],
  })
  async getUserById(
    @Caller() caller: WriteContext,
    @UserId() id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetEndUser({ organizationId: caller.organizationId, id, asOf })) };
  }

  @Put(':userId')
  @Versioned(endUserStream, 'userId')
  @Endpoint({
    summary: 'Update an end user.',
    description: `Fields that are not sent are cleared; custom attributes stay. ${UNIQUE}`,
    success: [200, 'The updated end user', UpdateEndUserOutput],
    errors: [404, 409],
  })
  async updateUserById(
    @Caller() caller: WriteContext,
    @UserId() id: string,
    @StrictBody() input: UpdateEndUserInput,
  ): Promise<{ data: EndUserOutput }> {
    return { data: await this.commands.execute(new UpdateEndUser({ context: caller, id, input: replacing(input) })) };
  }

  @Patch(':userId')
  @Versioned(endUserStream, 'userId')
  @Endpoint({
    summary: 'Patch an end user.',
    description: `Only the fields that are sent change; \`null\` clears a field. ${UNIQUE}`,
    success: [200, 'The patched end user', PatchEndUserOutput],
    errors: [404, 409],
  })
  async updateUser(
    @Caller() caller: WriteContext,
    @UserId() id: string,
    @StrictBody() input: PatchEndUserInput,
  ): Promise<{ data: EndUserOutput }> {
    return { data: await this.commands.execute(new UpdateEndUser({ context: caller, id, input })) };
  }

  @Patch(':userId/custom-attributes')
  @Versioned(endUserStream, 'userId', { answers: 'other' })
  @ApiAttributeValues({
    [EXAMPLE_IDS.contactAttribute]: ['business', 'gold'],
    [EXAMPLE_IDS.contactText]: 'A-1042',
    [EXAMPLE_IDS.contactDate]: null,
  })
  @Endpoint({
    summary: 'Patch custom attributes of an end user.',
    description:
      'Maps custom attribute ids to values: a text, the path of option values from the root to a leaf, or `null` to clear the ' +
      'value. If one value is refused, none is applied.',
    success: [200, 'All custom attributes of the end user after the change', PatchCustomAttributesOutput],
    errors: [404, 409],
  })
  async updateCustomAttributes(
    @Caller() caller: WriteContext,
    @UserId() id: string,
    @AttributeValuesBody() patch: Record<string, unknown>,
  ): Promise<{ data: CustomAttributeOutput[] }> {
    return { data: await this.commands.execute(new UpdateEndUserAttributes({ context: caller, id, patch })) };
  }

  /** Returns how a bulk request updates the end users that it names. */
  #updating(caller: WriteContext) {
    return (changes: UpdateEndUsers['changes']) =>
      this.commands.execute(new UpdateEndUsers({ context: caller, changes }));
  }
}
