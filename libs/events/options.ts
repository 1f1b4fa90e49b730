/** The limits of feed readers in one process: see the variables `EVENTS_…` in `.env.example`. */
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
