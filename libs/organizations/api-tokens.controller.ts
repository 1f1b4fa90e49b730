import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { instanceToPlain } from 'class-transformer';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, OptionalStrictBody, QueryInput } from '#libs/http/input.js';
import { Delete, Post } from '#libs/http/methods.js';
import { Paged, PageQuery, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import { GetApiToken, ListApiTokens } from './api-token-queries.handlers.js';
import { MAX_TOKENS_IN_FORCE } from './api-token.rules.js';
import {
  type ApiTokenOutput,
  type ApiTokenWithSecret,
  CreateTokenInput,
  CreateTokenOutput,
  DEFAULT_OVERLAP_SECONDS,
  GetTokenOutput,
  ListTokensOutput,
  RotateTokenInput,
  RotateTokenOutput,
} from './api-tokens.dto.js';
import { IssueApiToken, RevokeApiToken, RotateApiToken, type TokenSecret } from './api-tokens.handlers.js';

const TokenId = () => UuidParam('tokenId', 'The token id.');

@ApiTags('Tokens')
@Controller('v1/tokens')
export class TokensController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all API tokens in an organization.',
    description: 'Oldest first, including tokens that have expired or been revoked.',
    success: [200, 'A page of API tokens', ListTokensOutput],
  })
  async list(@Caller() { organizationId }: WriteContext, @QueryInput() query: PageQuery, @Paged() pages: Pages) {
    return pages.answer(
      await this.queries.execute(new ListApiTokens({ organizationId, page: pages.requested(query) })),
    );
  }

  @Post()
  @Endpoint({
    summary: 'Create an API token.',
    description: `The new token acts for the actor of the calling token, and cannot have a scope that the calling token lacks. Its secret is shown only in this answer. An organization has at most ${MAX_TOKENS_IN_FORCE} tokens that are neither revoked nor expired; beyond that, the answer is 409.`,
    success: [201, 'The created API token with its secret', CreateTokenOutput],
    errors: [409],
  })
  async create(
    @Caller() caller: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @LenientBody() input: CreateTokenInput,
  ): Promise<{ data: ApiTokenWithSecret }> {
    return this.#shown(
      caller,
      await this.commands.execute(
        new IssueApiToken({ context: caller, choices: instanceToPlain(input) as CreateTokenInput, granted }),
      ),
    );
  }

  @Get(':tokenId')
  @Endpoint({
    summary: 'Get an API token by id.',
    description: 'The answer has no secret: secrets are shown once, when they are created.',
    success: [200, 'The API token', GetTokenOutput],
    errors: [404],
  })
  async getById(@Caller() { organizationId }: WriteContext, @TokenId() id: string): Promise<{ data: ApiTokenOutput }> {
    return { data: await this.queries.execute(new GetApiToken({ organizationId, id })) };
  }

  @Post(':tokenId/rotate')
  @Endpoint({
    summary: 'Rotate the secret of an API token.',
    description:
      'The current secret works until the overlap ends, and secrets from earlier rotations until their own overlap ends. A token has at most three working secrets; beyond that, the answer is 409 and says until when. With an overlap of 0, the current secret stops working at once. Id, scopes, expiry and rate limit stay the same. Unknown fields are refused.',
    success: [200, 'The API token with its new secret', RotateTokenOutput],
    errors: [404, 409],
  })
  async rotate(
    @Caller() caller: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @TokenId() id: string,
    @OptionalStrictBody() { overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateTokenInput,
  ): Promise<{ data: ApiTokenWithSecret }> {
    return this.#shown(
      caller,
      await this.commands.execute(new RotateApiToken({ context: caller, id, overlapSeconds, granted })),
    );
  }

  @Delete(':tokenId')
  @Endpoint({
    summary: 'Revoke an API token.',
    description: 'The token is refused within 5 seconds. Revoking a revoked token changes nothing.',
    success: [204, 'The API token is revoked'],
    errors: [404, 409],
  })
  async revoke(
    @Caller() caller: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @TokenId() id: string,
  ): Promise<void> {
    await this.commands.execute(new RevokeApiToken({ context: caller, id, granted }));
  }

  async #shown({ organizationId }: WriteContext, { id, secret }: TokenSecret): Promise<{ data: ApiTokenWithSecret }> {
    return { data: Object.assign(await this.queries.execute(new GetApiToken({ organizationId, id })), { secret }) };
  }
}
