import { Module } from '@nestjs/common';
import { DeleteQueueHandler } from './delete-queue.handler.js';
import { MergeEndUserHandler } from './merge-end-user.handler.js';
import { RemoveAgentHandler } from './remove-agent.handler.js';

/** Handles the commands of a resource that change other resources as well. Each command stands in its own resource. */
@Module({ providers: [DeleteQueueHandler, MergeEndUserHandler, RemoveAgentHandler] })
export class LifecycleModule {}
