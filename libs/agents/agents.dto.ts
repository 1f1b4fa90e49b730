import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { bulkInput } from '#libs/http/bulk-input.js';
import { bulkOutput } from '#libs/http/bulk.js';
import { dataOutput, listOutput, pageOutput } from '#libs/http/endpoint.js';
import { Text, Uuid } from '#libs/http/fields.js';
import { PageQuery } from '#libs/http/paging.js';
import { faultOfEmail } from '#libs/people/contact.js';
import {
  DisplayName,
  displayNameShown,
  EmailAddress,
  emailShown,
  PersonInput,
  PersonOutput,
} from '#libs/people/person-fields.js';
import { type Agent } from './agent.rules.js';

const ID = { description: 'The agent id.', format: 'uuid', example: EXAMPLE_IDS.agent };

@ApiSchema({ name: 'Agent' })
export class AgentShown extends PersonOutput implements Agent {
  @ApiProperty(ID)
  id: string;

  @ApiProperty({ description: 'When the agent was created.', format: 'date-time', example: '2026-03-14T09:26:53.589Z' })
  createdAt: string;

  @displayNameShown(true)
  displayName: string;

  @emailShown(true)
  email: string;

  @ApiProperty({ description: 'The roles of the agent.', type: [String], example: ['Agent'] })
  roles: string[];
}

export class CreateAgentInput extends PersonInput {
  @DisplayName()
  displayName: string;

  @EmailAddress()
  email: string;
}

export class UpdateAgentInput extends PersonInput {
  @DisplayName()
  displayName: string;
}

export class PatchAgentInput extends PersonInput {
  @DisplayName({ optional: true })
  displayName?: string;
}

export class CreateAgentsInput extends bulkInput('CreateAgentsInput', CreateAgentInput) {}

export class BulkUpdateAgentInput extends UpdateAgentInput {
  @Uuid(ID)
  id: string;
}

export class BulkPatchAgentInput extends PatchAgentInput {
  @Uuid(ID)
  id: string;
}

export class ListAgentsQuery extends PageQuery {
  @Text({
    description: 'Only agents with this e-mail address, primary or additional. Cannot be combined with `phone`.',
    example: 'alice@brown.example',
    max: 254,
    controls: true,
    fault: faultOfEmail,
    optional: true,
  })
  email?: string;

  @Text({
    description: 'Only agents with this phone number, primary or additional. Cannot be combined with `email`.',
    example: '+4570123456',
    max: 40,
    controls: true,
    optional: true,
  })
  phone?: string;
}

export class AgentTeam {
  @ApiProperty({ description: 'The team id.', format: 'uuid', example: EXAMPLE_IDS.team })
  id: string;
}

export const AgentOutput = dataOutput('AgentOutput', AgentShown);
export const ListAgentsOutput = pageOutput('ListAgentsOutput', AgentShown);
export const AgentTeamsOutput = listOutput('AgentTeamsOutput', AgentTeam);

const success = { $ref: getSchemaPath(AgentShown) };
export const CreateAgentsOutput = bulkOutput('CreateAgentsOutput', 'Agent', success);
export const BulkUpdateAgentOutput = bulkOutput('BulkUpdateAgentOutput', 'Agent', success);
