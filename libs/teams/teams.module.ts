import { Module } from '@nestjs/common';
import { TeamsController } from './teams.controller.js';
import {
  ChangeTeamMembersHandler,
  CreateTeamHandler,
  DeleteTeamHandler,
  GetTeamHandler,
  ListTeamMembersHandler,
  ListTeamPresenceHandler,
  ListTeamsHandler,
} from './teams.handlers.js';

@Module({
  controllers: [TeamsController],
  providers: [
    CreateTeamHandler,
    ChangeTeamMembersHandler,
    DeleteTeamHandler,
    ListTeamsHandler,
    GetTeamHandler,
    ListTeamMembersHandler,
    ListTeamPresenceHandler,
  ],
})
export class TeamsModule {}
