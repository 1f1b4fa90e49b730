import { Module } from '@nestjs/common';
import { ContactEndpointsController } from './contact-endpoints.controller.js';
import {
  CreateContactEndpointHandler,
  DeleteContactEndpointHandler,
  GetContactEndpointHandler,
  ListContactEndpointsHandler,
  UpdateContactEndpointHandler,
} from './contact-endpoints.handlers.js';

@Module({
  controllers: [ContactEndpointsController],
  providers: [
    CreateContactEndpointHandler,
    UpdateContactEndpointHandler,
    DeleteContactEndpointHandler,
    GetContactEndpointHandler,
    ListContactEndpointsHandler,
  ],
})
export class ContactEndpointsModule {}
