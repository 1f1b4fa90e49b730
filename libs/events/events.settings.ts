import { Decimal, Setting, Whole } from '#libs/platform/settings.js';

/** The variables for readers of the feed. */
export class EventsSettings {
  @Setting('Maximum number of readers per process that wait for events or follow them at the same time, 1 to 100000.')
  @Whole(1, 100_000)
  EVENTS_MAX_READERS = 1000;

  @Setting(
    'Maximum number of such readers per process for each organization, 1 to 100000, but no more than are left. An organization with more streams needs higher values of both. Further readers get 429.',
  )
  @Whole(1, 100_000)
  EVENTS_MAX_READERS_PER_ORGANIZATION = 200;

  @Setting('Maximum number of such readers per process for each API token, 1 to 100000.')
  @Whole(1, 100_000)
  EVENTS_MAX_READERS_PER_TOKEN = 20;

  @Setting(
    'How often an event stream sends a heartbeat and checks that its token is still valid, 0.1 to 25. A client that reads nothing for twice as long is disconnected.',
  )
  @Decimal(0.1, 25)
  EVENTS_HEARTBEAT_SECONDS = 15;
}

/** The limits for readers of the feed. `apps/config.ts` derives it from the variables. */
export abstract class FeedOptions {
  /** Maximum number of concurrent readers that wait for events or follow them. */
  abstract readonly maxReaders: number;
  /** Maximum for one organization, so that none takes all places. */
  abstract readonly maxReadersPerOrganization: number;
  /** Maximum for one token. */
  abstract readonly maxReadersPerToken: number;
  /**
   * How often a stream sends a heartbeat, and checks that its token is still valid. A client that reads nothing for
   * twice as long is disconnected.
   */
  abstract readonly heartbeatMs: number;
}
