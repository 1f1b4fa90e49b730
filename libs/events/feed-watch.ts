import { Injectable } from '@nestjs/common';
import { Notifications } from '#libs/database/notifications.js';
import { Signal } from '#libs/platform/signal.js';

/** How long an event waits at most when its announcement was lost. */
const POLL_MS = 1_000;
/** Appends that hold up the feed end within milliseconds. */
const SOON_MS = 25;

/**
 * Tells those who wait for an organization's events when to look again: at an announcement of that organization, and
 * about every second regardless. All who wait for it are told at once, so that they can share what they read.
 */
@Injectable()
export class FeedWatch {
  readonly #organizations = new Map<string, WatchedOrganization>();
  #listening = false;

  constructor(private readonly notifications: Notifications) {}

  /** Watches from now on: what is announced before the first {@link Watch.next} counts. Must be closed. */
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
  /** How many times there was a reason to look. */
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

/** One reader's watch of its organization. */
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

  /** The same for all that look for the same reason. */
  get reason(): number {
    return this.#seen;
  }

  /** Resolves when there is reason to look again, at once if there was since the last time; or after a time, or when it is ended. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#seen === this.organization.looks && !signal.aborted) {
      signal.onabort = this.#wake;
      await this.#signal.sleep(timeoutMs);
    }
    this.#seen = this.organization.looks;
  }

  /** Lets all watches of the organization look again as soon as appends that are under way can have ended. */
  soon(): void {
    this.organization.lookIn(SOON_MS);
  }

  close(): void {
    this.organization.remove(this.#wake);
    this.onClose();
  }
}
