import { Module } from '@nestjs/common';
import { DeleteQueueHandler } from './delete-queue.handler.js';
import { MergeEndUserHandler } from './merge-end-user.handler.js';
import { RemoveAgentHandler } from './remove-agent.handler.js';

/** Handles commands that also change other resources. Each command is published by its own resource. */
@Module({ providers: [DeleteQueueHandler, MergeEndUserHandler, RemoveAgentHandler] })
export class LifecycleModule {}
