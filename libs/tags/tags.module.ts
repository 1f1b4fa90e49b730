import { Module } from '@nestjs/common';
import { TagsController } from './tags.controller.js';
import {
  ActivateTagHandler,
  CreateTagHandler,
  DeactivateTagHandler,
  DeleteTagHandler,
  GetTagHandler,
  ListTagsHandler,
} from './tags.handlers.js';

@Module({
  controllers: [TagsController],
  providers: [
    CreateTagHandler,
    ActivateTagHandler,
    DeactivateTagHandler,
    DeleteTagHandler,
    GetTagHandler,
    ListTagsHandler,
  ],
})
export class TagsModule {}
