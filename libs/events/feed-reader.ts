import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';
import { type FeedFilter, OrganizationFeed, type OrganizationFeedPage } from '#libs/event-store/organization-feed.js';
import { FeedWatch, type Watch } from './feed-watch.js';

/** What somebody reads of the feed. */
export interface Reading {
  organizationId: string;
  filter: FeedFilter;
  /** Most events of a page. */
  limit: number;
}

/** Reads an organization's feed, and waits for what is not there yet. */
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

  /** What is there after a position. */
  read({ organizationId, filter, limit }: Reading, after: number): Promise<OrganizationFeedPage> {
    return this.#feed.read(organizationId, after, limit, filter);
  }

  /** Where the feed ends now. */
  end(organizationId: string): Promise<number> {
    return this.#feed.end(organizationId);
  }

  /**
   * What is there after a position, as soon as there is something.
   * @returns a page without events after `timeoutMs`, or when the signal ends the wait
   */
  async await(reading: Reading, after: number, timeoutMs: number, signal: AbortSignal): Promise<OrganizationFeedPage> {
    const deadline = performance.now() + timeoutMs;
    // Opened before the first look, so that what comes meanwhile is not overlooked.
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

  /** Those who look for the same, at the same place and for the same reason, share a round trip. */
  #shared(reading: Reading, after: number, watch: Watch): Promise<OrganizationFeedPage> {
    const key = JSON.stringify([reading, after, watch.reason]);
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const page = this.read(reading, after).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, page);
    return page;
  }
}
