import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { UserPresence } from '#libs/agents/presence.shown.js';
import { dataOutput, listOutput, pageOutput } from '#libs/http/endpoint.js';
import { Text, Uuids } from '#libs/http/fields.js';

const MAX_AGENT_IDS = 100;

@ApiSchema({ name: 'Team' })
export class TeamShown {
  @ApiProperty({ description: 'The team id.', format: 'uuid', example: EXAMPLE_IDS.team })
  id: string;

  @ApiProperty({ description: 'The name.', example: 'Billing' })
  name: string;
}

export class TeamMember {
  @ApiProperty({ description: 'The agent id.', format: 'uuid', example: EXAMPLE_IDS.agent })
  id: string;

  @ApiPropertyOptional({ description: 'The display name.', example: 'Alice Brown' })
  name?: string;

  @ApiPropertyOptional({ description: 'The primary e-mail address.', example: 'alice@brown.example' })
  email?: string;

  @ApiPropertyOptional({ description: 'The primary phone number, in E.164.', example: '+4570123456' })
  phoneNumber?: string;
}

export class CreateTeamInput {
  @Text({ description: 'The name. It need not be unique.', example: 'Billing' })
  name: string;
}

export class AgentsToTeamInput {
  // Clients of the public API may expect this field to be optional; it is refused when it is absent.
  @ApiPropertyOptional()
  @Uuids({
    description: 'The ids of the agents to add.',
    example: [EXAMPLE_IDS.agent],
    minItems: 1,
    maxItems: MAX_AGENT_IDS,
  })
  agentIds: string[];
}

export class DeleteAgentsFromTeamInput {
  // As above. A missing list never stands for all members.
  @ApiPropertyOptional()
  @Uuids({
    description: 'The ids of the members to remove. Ids that are not members are ignored.',
    example: [EXAMPLE_IDS.agent],
    minItems: 1,
    maxItems: MAX_AGENT_IDS,
  })
  agentIds: string[];
}

export const ListTeamsOutput = listOutput('ListTeamsOutput', TeamShown);
export const CreateTeamOutput = dataOutput('CreateTeamOutput', TeamShown);
export const ListTeamMembersOutput = listOutput('ListTeamMembersOutput', TeamMember);
export const ListPresenceOutput = pageOutput('ListPresenceOutput', UserPresence);
