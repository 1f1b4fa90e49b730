import { Injectable } from '@nestjs/common';
import { Notifications } from '#libs/database/notifications.js';
import { Signal } from '#libs/platform/signal.js';

/** Maximum delay of an event whose notification was lost. */
const POLL_MS = 1_000;
/** Delay before the next read while appends hold back the feed. They end within milliseconds. */
const SOON_MS = 25;

/**
 * Tells readers of an organization's events when to read again: on a notification for that organization, and otherwise
 * about every second. All its readers are notified at once, so that they can share a read.
 */
@Injectable()
export class FeedWatch {
  readonly #organizations = new Map<string, WatchedOrganization>();
  #listening = false;

  constructor(private readonly notifications: Notifications) {}

  /** Starts a watch. Notifications before the first {@link Watch.next} count, too. The watch must be closed. */
  open(organizationId: string): Watch {
    if (!this.#listening) this.#listen();
    const organization = this.#organizations.get(organizationId) ?? new WatchedOrganization();
    this.#organizations.set(organizationId, organization);
    return new Watch(organization, () => {
      if (organization.isWatched) return;
      organization.stop();
      this.#organizations.delete(organizationId);
    });
  }

  #listen(): void {
    this.#listening = true;
    this.notifications.listen((organizationIds = [...this.#organizations.keys()]) => {
      for (const id of organizationIds) this.#organizations.get(id)?.look();
    });
  }
}

class WatchedOrganization {
  /** Number of reasons to read so far. */
  looks = 0;
  readonly #wakers = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  get isWatched(): boolean {
    return this.#wakers.size > 0;
  }

  add(wake: () => void): void {
    this.#wakers.add(wake);
    if (!this.#timer) this.lookIn(POLL_MS);
  }

  remove(wake: () => void): void {
    this.#wakers.delete(wake);
  }

  look(): void {
    this.looks += 1;
    for (const wake of this.#wakers) wake();
  }

  lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.lookIn(POLL_MS);
      this.look();
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** A reader's watch of its organization. */
export class Watch {
  #seen: number;
  readonly #signal = new Signal();
  readonly #wake = () => {
    this.#signal.wake();
  };

  constructor(
    private readonly organization: WatchedOrganization,
    private readonly onClose: () => void,
  ) {
    this.#seen = organization.looks;
    organization.add(this.#wake);
  }

  /** Identifies the last reason to read: it is equal for all watches with the same reason. */
  get reason(): number {
    return this.#seen;
  }

  /**
   * Resolves when there is a new reason to read, or immediately if there was one since the last call; at the latest
   * after the timeout or when the signal is aborted.
   */
  async next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#seen === this.organization.looks && !signal.aborted) {
      signal.onabort = this.#wake;
      await this.#signal.sleep(timeoutMs);
    }
    this.#seen = this.organization.looks;
  }

  /** Makes all watches of the organization read again once the appends in progress should have ended. */
  soon(): void {
    this.organization.lookIn(SOON_MS);
  }

  close(): void {
    this.organization.remove(this.#wake);
    this.onClose();
  }
}
