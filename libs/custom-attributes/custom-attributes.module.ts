import { Module } from '@nestjs/common';
import { CustomAttributesController } from './custom-attributes.controller.js';
import {
  ArchiveCustomAttributeHandler,
  CreateCustomAttributeHandler,
  DefinitionReader,
  GetCustomAttributeHandler,
  ListCustomAttributesHandler,
  UpdateCustomAttributeHandler,
} from './custom-attributes.handlers.js';

@Module({
  controllers: [CustomAttributesController],
  providers: [
    DefinitionReader,
    CreateCustomAttributeHandler,
    UpdateCustomAttributeHandler,
    ArchiveCustomAttributeHandler,
    GetCustomAttributeHandler,
    ListCustomAttributesHandler,
  ],
})
export class CustomAttributesModule {}
