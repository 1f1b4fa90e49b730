import { Module } from '@nestjs/common';
import { AgentsController } from './agents.controller.js';
import {
  CreateAgentHandler,
  GetAgentHandler,
  ListAgentsHandler,
  ListTeamsOfAgentHandler,
  UpdateAgentHandler,
} from './agents.handlers.js';
import { CreateAgentsHandler, UpdateAgentsHandler } from './bulk-agents.handlers.js';
import { PresenceRecorder } from './presence-recorder.js';
import {
  GetPresenceHandler,
  ListPresenceHandler,
  UpdatePresenceHandler,
  UpdateWorkingChannelHandler,
} from './presence.handlers.js';

@Module({
  controllers: [AgentsController],
  providers: [
    CreateAgentHandler,
    CreateAgentsHandler,
    UpdateAgentsHandler,
    UpdateAgentHandler,
    GetAgentHandler,
    ListAgentsHandler,
    ListTeamsOfAgentHandler,
    PresenceRecorder,
    UpdatePresenceHandler,
    UpdateWorkingChannelHandler,
    GetPresenceHandler,
    ListPresenceHandler,
  ],
})
export class AgentsModule {}
