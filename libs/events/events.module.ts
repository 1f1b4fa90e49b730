import { Module } from '@nestjs/common';
import { EventStreams } from './sse-streams.js';
import { EventsController } from './events.controller.js';
import { FeedCursors } from './feed-cursors.js';
import { FeedQueries } from './feed-queries.js';
import { FeedReader } from './feed-reader.js';
import { FeedWatch } from './feed-watch.js';
import { ReaderLimits } from './reader-limits.js';

/** The feed of an organization: its events in order, in pages or as a stream. */
@Module({
  controllers: [EventsController],
  providers: [FeedCursors, ReaderLimits, FeedQueries, FeedReader, FeedWatch, EventStreams],
})
export class EventsModule {}
