import { Module } from '@nestjs/common';
import { AgentsController } from './agents.controller.js';
import { CreateAgentHandler, GetAgentHandler, ListAgentsHandler, UpdateAgentHandler } from './agents.handlers.js';

@Module({
  controllers: [AgentsController],
  providers: [CreateAgentHandler, UpdateAgentHandler, GetAgentHandler, ListAgentsHandler],
})
export class AgentsModule {}
