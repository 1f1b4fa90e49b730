import { Module } from '@nestjs/common';
import { CustomAttributesController } from './custom-attributes.controller.js';
import {
  ArchiveCustomAttributeHandler,
  CreateCustomAttributeHandler,
  GetCustomAttributeHandler,
  ListCustomAttributesHandler,
  UpdateCustomAttributeHandler,
} from './custom-attributes.handlers.js';

@Module({
  controllers: [CustomAttributesController],
  providers: [
    CreateCustomAttributeHandler,
    UpdateCustomAttributeHandler,
    ArchiveCustomAttributeHandler,
    GetCustomAttributeHandler,
    ListCustomAttributesHandler,
  ],
})
export class CustomAttributesModule {}
