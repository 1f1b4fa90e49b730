import { Module } from '@nestjs/common';
import { EndUsersController } from './end-users.controller.js';
import {
  CreateEndUserHandler,
  GetEndUserHandler,
  ListEndUsersHandler,
  UpdateEndUserAttributesHandler,
  UpdateEndUserHandler,
} from './end-users.handlers.js';
import { EndUserReader } from './end-users.reader.js';
import { TakenAddresses } from './taken-addresses.js';

@Module({
  controllers: [EndUsersController],
  providers: [
    EndUserReader,
    TakenAddresses,
    CreateEndUserHandler,
    UpdateEndUserHandler,
    UpdateEndUserAttributesHandler,
    GetEndUserHandler,
    ListEndUsersHandler,
  ],
})
export class EndUsersModule {}
