import { Module } from '@nestjs/common';
import { CreateEndUsersHandler, EndUserTasks, UpdateEndUsersHandler } from './bulk-end-users.handlers.js';
import { EndUsersController } from './end-users.controller.js';
import {
  CreateEndUserHandler,
  GetEndUserHandler,
  ListEndUsersHandler,
  UpdateEndUserAttributesHandler,
  UpdateEndUserHandler,
} from './end-users.handlers.js';
import { EndUserReader } from './end-user.reader.js';
import { IdentitiesController } from './identities.controller.js';
import { ReplaceByExternalIdHandler } from './replace-by-external-id.handler.js';
import { TakenAddresses } from './taken-addresses.js';

@Module({
  controllers: [EndUsersController, IdentitiesController],
  providers: [
    EndUserReader,
    TakenAddresses,
    EndUserTasks,
    CreateEndUsersHandler,
    UpdateEndUsersHandler,
    CreateEndUserHandler,
    UpdateEndUserHandler,
    UpdateEndUserAttributesHandler,
    GetEndUserHandler,
    ListEndUsersHandler,
    ReplaceByExternalIdHandler,
  ],
})
export class EndUsersModule {}
