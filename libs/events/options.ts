/** What readers of the feed may ask of a process: see the variables `EVENTS_…` in `.env.example`. */
export abstract class FeedOptions {
  /** Readers that wait for events or follow them at the same time. */
  abstract readonly maxReaders: number;
  /** The same for each organization, so that none takes the places of all. */
  abstract readonly maxReadersPerOrganization: number;
  /** The same for each token. */
  abstract readonly maxReadersPerToken: number;
  /**
   * How often a stream shows that it is alive, and looks whether its token still counts. A client that takes nothing for
   * twice as long is dropped.
   */
  abstract readonly heartbeatMs: number;
}
