import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { type FeedFilter, OrganizationFeed, type OrganizationFeedPage } from '#libs/event-store/organization-feed.js';
import { FeedWatch, type Watch } from './feed-watch.js';

/** The events that a reader asks for. */
export interface Reading {
  organizationId: string;
  filter: FeedFilter;
  /** Maximum number of events in a page. */
  limit: number;
}

/** Reads an organization's feed, and waits for new events. */
@Injectable()
export class FeedReader {
  readonly #feed: OrganizationFeed;
  readonly #underWay = new Map<string, Promise<OrganizationFeedPage>>();

  constructor(
    database: Database,
    private readonly watch: FeedWatch,
  ) {
    this.#feed = new OrganizationFeed(database);
  }

  /** Returns a page of the events after a position. */
  read({ organizationId, filter, limit }: Reading, after: number): Promise<OrganizationFeedPage> {
    return this.#feed.read(organizationId, after, limit, filter);
  }

  /** Returns the position at which the feed ends now. */
  end(organizationId: string): Promise<number> {
    return this.#feed.end(organizationId);
  }

  /**
   * Returns the events after a position as soon as there are any.
   * @returns a page without events after `timeoutMs`, or when the signal ends the wait
   */
  async await(reading: Reading, after: number, timeoutMs: number, signal: AbortSignal): Promise<OrganizationFeedPage> {
    const deadline = performance.now() + timeoutMs;
    // Opened before the first read, so that no event in between is missed.
    const watch = this.watch.open(reading.organizationId);
    try {
      for (let position = after; ;) {
        const page = await this.#shared(reading, position, watch);
        const left = deadline - performance.now();
        if (page.rows.length > 0 || page.more || left <= 0 || signal.aborted) return page;
        position = page.position;
        if (page.soon) watch.soon();
        await watch.next(left, signal);
      }
    } finally {
      watch.close();
    }
  }

  /** Readers that ask for the same page for the same reason share a round trip. */
  #shared(reading: Reading, after: number, watch: Watch): Promise<OrganizationFeedPage> {
    const key = JSON.stringify([reading, after, watch.reason]);
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const page = this.read(reading, after).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, page);
    return page;
  }
}
