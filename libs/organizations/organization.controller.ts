import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { Caller } from '#libs/http/request-context.js';
import { GetOrganizationOutput, type OrganizationDetails } from './organization.dto.js';
import { subdomainOf } from './organization.rules.js';
import { GetOrganization } from './organizations.handlers.js';

@ApiTags('Organization')
@Controller('v1/organization')
export class OrganizationController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    summary: 'Get the organization.',
    description: 'The organization is that of the API token.',
    success: [200, 'The organization', GetOrganizationOutput],
    errors: [404],
  })
  async get(@Caller() { organizationId }: WriteContext): Promise<{ data: OrganizationDetails }> {
    const { name } = await this.queries.execute(new GetOrganization({ id: organizationId }));
    return { data: { id: organizationId, name, subdomain: subdomainOf(name), status: 'Active' } };
  }
}
