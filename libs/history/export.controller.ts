import { Controller, Get, Req, Res, type StreamableFile } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { Endpoint } from '#libs/http/endpoint.js';
import { jsonDownload } from '#libs/http/json-download.js';
import { UuidParam } from '#libs/http/path-params.js';
import { type AuthenticatedRequest, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import { mustShowPersonal } from '#libs/resources/scopes.js';
import { ExportPlaces } from './export-places.js';
import { EndUserExportOutput } from './export.dto.js';
import { ExportEndUser } from './export.handler.js';

@ApiTags('End Users')
@Controller('v1/endusers')
export class EndUserExportController {
  constructor(
    private readonly queries: QueryBus,
    private readonly places: ExportPlaces,
  ) {}

  @Get(':userId/export')
  @Endpoint({
    operationId: 'EndUsers_export',
    summary: 'Export all data about an end user.',
    description:
      'Returns one document for the right of access: the end user, the end user’s conversations in full, their histories, requests for anonymization, and the webhook deliveries. After anonymization, it has the remaining data. An organization can read one export at a time; other requests answer 429, and 503 while 50 other organizations read theirs. Requires the scopes `endusers:read` and `conversations:read`.',
    success: [200, 'The document, as a file', EndUserExportOutput],
    errors: [404],
  })
  async export(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @UuidParam('userId', 'The end user id.') id: string,
    @GrantedScopes() granted: readonly Scope[],
  ): Promise<StreamableFile> {
    mustShowPersonal(granted, 'conversation');
    this.places.take(request, reply);
    const document = await this.queries.execute(
      new ExportEndUser({ organizationId: request.caller.organizationId, id, granted }),
    );
    return jsonDownload(`enduser-${id}.json`, document);
  }
}
