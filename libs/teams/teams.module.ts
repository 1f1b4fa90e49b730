import { Module } from '@nestjs/common';
import { TeamsController } from './teams.controller.js';
import {
  AddTeamMembersHandler,
  CreateTeamHandler,
  DeleteTeamHandler,
  GetTeamHandler,
  ListTeamMembersHandler,
  ListTeamPresenceHandler,
  ListTeamsHandler,
  RemoveTeamMembersHandler,
} from './teams.handlers.js';

@Module({
  controllers: [TeamsController],
  providers: [
    CreateTeamHandler,
    AddTeamMembersHandler,
    RemoveTeamMembersHandler,
    DeleteTeamHandler,
    ListTeamsHandler,
    GetTeamHandler,
    ListTeamMembersHandler,
    ListTeamPresenceHandler,
  ],
})
export class TeamsModule {}
