import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { bulkOutput } from '#libs/http/bulk.js';
import { listOutput } from '#libs/http/endpoint.js';
import { Uuids } from '#libs/http/fields.js';

const AGENT_ID = { format: 'uuid', example: EXAMPLE_IDS.agent };

export class BulkQueueEndpointInput {
  // Optional in the public API's document, but refused when it is absent: the request would have no effect.
  @ApiPropertyOptional()
  @Uuids({
    description: 'The ids of 1 to 10 agents. An empty list is refused.',
    example: [AGENT_ID.example],
    minItems: 1,
    maxItems: 10,
  })
  agentIds: string[];
}

export class QueueMember {
  @ApiProperty({ description: 'The id of the agent.', ...AGENT_ID })
  agentId: string;

  @ApiPropertyOptional({
    description: 'The priority among the members. Always absent: none is stored.',
    type: 'integer',
    format: 'int32',
    example: 1,
  })
  priority?: number;
}

export const QueueMembersOutput = listOutput('QueueMembersOutput', QueueMember);
export const BulkQueueEndpointOutput = bulkOutput('BulkQueueEndpointOutput', 'UUID', { type: 'string', ...AGENT_ID });
