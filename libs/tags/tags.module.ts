import { Module } from '@nestjs/common';
import { TagsController } from './tags.controller.js';
import { ChangeTagHandler, CreateTagHandler, GetTagHandler, ListTagsHandler } from './tags.handlers.js';

@Module({
  controllers: [TagsController],
  providers: [CreateTagHandler, ChangeTagHandler, GetTagHandler, ListTagsHandler],
})
export class TagsModule {}
