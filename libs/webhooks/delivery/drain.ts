import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Cipher } from '#libs/platform/cipher.js';
import { type WebhookOptions } from '../options.js';
import { type DisabledReason } from '../subscription.js';
import { openSecrets, type SubscriptionSecrets } from '../subscription.projection.js';
import { Alarm } from './alarm.js';
import { type AttemptPlaces } from './attempt-places.js';
import { type AttemptResult, type Sender } from './attempt.js';
import { type Deliveries } from './deliveries.js';
import {
  type DrainTarget,
  type DueDelivery,
  type EndedAttempt,
  type Exchange,
  type Receiver,
  type Work,
} from './exchange.js';
import { reportAttempt } from './attempt-log.js';
import { afterAttempt, type Health, HEALTHY, isTripped, pauseOfReceiver, reasonToDisable } from './health.js';
import { Pace } from './pace.js';
import { pauseAfter } from './retry-schedule.js';
import { deliveryRequest } from './signing.js';
import { Window } from './window.js';

/** How long a drain goes on for certain; beyond it, it makes room where others may wait. */
const SLICE_MS = 10_000;
/** How long the first attempt that has ended waits for others, to be recorded along with them: */
const GATHER_MS = 5;
/** the same while nothing else is known to be due. */
const SETTLE_MS = 50;
/** How soon what has come up meanwhile is looked for while attempts run; less and less often while there is nothing. */
const LOOK_MS = 200;
/** For how long a drain that has nothing to do stays: longer than a steady flow pauses, and what else would be a job's work. */
const LINGER_MS = 100;
/** Well within the lease. */
const RENEW_MS = 2_000;
/** While the database is away: how often what has ended is tried to be recorded, and for how long. */
const [RECORD_AGAIN_MS, RECORD_WITHIN_MS] = [500, 60_000];
/** The same once the process is about to end. */
const STOP_WITHIN_MS = 10_000;

/** What drains share. */
export interface DrainContext {
  /** The process: it drains a subscription once at a time. Its leases end when it is not alive any more. */
  holder: string;
  deliveries: Deliveries;
  sender: Sender;
  places: AttemptPlaces;
  cipher: Cipher;
  options: WebhookOptions;
  disable: (target: DrainTarget, reason: DisabledReason, failingMs: number) => Promise<void>;
  /** Whether the process is about to end. */
  stopping: () => boolean;
  /** Whether no more subscriptions of the organization can be drained: others may be waiting. */
  crowded: (target: DrainTarget) => boolean;
}

/** Sends the due deliveries of one subscription, for as long as its process holds the lease that was claimed. */
export class Drain {
  readonly #logger = new Logger('Webhooks');
  readonly #sending = new Set<string>();
  #ended: EndedAttempt[] = [];
  #firstEndedAt = 0;
  #exchangedAt = 0;
  #lookMs = LOOK_MS;
  #inOrder = false;
  /** Whether attempts may begin, as the last look has found. */
  #open = false;
  /** The lease has just been claimed. */
  #renewedAt = performance.now();
  /** As the database knows it. */
  #toldFailures = 0;
  #health: Health = HEALTHY;
  /** For how long the receiver is to be left alone, by what ended since the last exchange. */
  #pauseMs = 0;
  #head: Exchange['head'];
  /** Why, and what its failures were counted from when the attempt was made. */
  #toDisable: DisabledReason | undefined;
  #receiver: Receiver | undefined;
  #secrets: SubscriptionSecrets;
  #pace: Pace | undefined;
  readonly #window = new Window();
  /** Whether more may be due than there was room for. */
  #more = false;
  readonly #alarm = new Alarm();
  #nudged = false;

  constructor(
    private readonly target: DrainTarget,
    private readonly context: DrainContext,
  ) {}

  /** Something may have become due. */
  nudge(): void {
    this.#nudged = true;
    this.#alarm.wake();
  }

  /** Whether that was after the last look. */
  get nudged(): boolean {
    return this.#nudged;
  }

  /** Ends the lease without having sent anything. True, for something is due. */
  async giveBack(): Promise<true> {
    await this.#exchange(0, 'always');
    return true;
  }

  /** True when the slice is over and more may be due. */
  async run(): Promise<boolean> {
    const sliceEnd = performance.now() + SLICE_MS;
    let lingered = false;
    for (;;) {
      const over = this.context.stopping() || (this.context.crowded(this.target) && performance.now() > sliceEnd);
      const room = over ? 0 : this.#room();
      const work = await this.#exchange(room, this.#release(lingered && room > 0));
      const open = !over && work.leased && work.receiver?.enabled === true && !work.receiver.paused;
      this.#open = open;
      this.#more = open && work.due.length === room;
      this.#lookMs = work.due.length > 0 ? LOOK_MS : Math.min(this.#lookMs * 2, RENEW_MS);
      if (open && work.receiver) this.#begin(work.due, work.receiver);
      const resting = this.#sending.size === 0 && this.#ended.length === 0;
      if (resting && !open) {
        if (work.leased) await this.#exchange(0, 'always');
        return over && !this.context.stopping();
      }
      lingered = resting && room > 0 && (await this.#linger());
      if (!lingered) await this.#wait();
    }
  }

  /** @param idle whether nothing has been due for a moment */
  #release(idle: boolean): Exchange['release'] {
    if (this.#sending.size > 0 || this.#toDisable) return 'never';
    if (this.#pauseMs > 0) return 'always';
    return idle ? 'if-idle' : 'never';
  }

  /** Records what has ended, and reads what is due. */
  async #exchange(room: number, release: Exchange['release']): Promise<Work> {
    const ended = this.#ended.splice(0);
    const { failures } = this.#health;
    const [pauseMs, head] = [this.#pauseMs, this.#head];
    const now = performance.now();
    const renew =
      release !== 'never' ||
      pauseMs > 0 ||
      head !== undefined ||
      failures !== this.#toldFailures ||
      now > this.#renewedAt + RENEW_MS;
    [this.#pauseMs, this.#head] = [0, undefined];
    this.#nudged = false;
    const work = await this.#persistently({
      ...this.target,
      holder: this.context.holder,
      ended,
      failures: this.#receiver && failures,
      countsFrom: this.#receiver?.failuresCountFrom,
      renew,
      pauseMs,
      head,
      busy: [...this.#sending],
      room,
      release,
    });
    this.#exchangedAt = performance.now();
    if (renew && work.leased) [this.#renewedAt, this.#toldFailures] = [now, failures];
    else if (!work.leased) this.#renewedAt = -RENEW_MS;
    if (work.receiver) this.#learn(work.receiver);
    const changed = work.leased && ((await this.#disable()) || (await this.#putInOrder()));
    return changed ? { ...work, due: [] } : work;
  }

  /** Tries again while the database is away: how the attempts went is known here alone. */
  async #persistently(exchange: Exchange): Promise<Work> {
    const since = performance.now();
    for (;;) {
      try {
        return await this.context.deliveries.exchange(exchange);
      } catch (error) {
        const loses = exchange.ended.length + this.#sending.size;
        const patience = this.context.stopping() ? STOP_WITHIN_MS : RECORD_WITHIN_MS;
        if (loses === 0 || performance.now() > since + patience) throw error;
        await pause(RECORD_AGAIN_MS);
      }
    }
  }

  #learn(receiver: Receiver): void {
    const known = this.#receiver;
    this.#receiver = receiver;
    // While the lease is held, this is who counts.
    const goesOn = known && countTogether(known, receiver);
    const failures = goesOn ? this.#health.failures : receiver.failures;
    this.#health = { failures, failingMs: receiver.failingMs };
    if (!goesOn) {
      [this.#toldFailures, this.#pauseMs] = [failures, 0];
      [this.#head, this.#toDisable] = [undefined, undefined];
    }
    if (!known || SEALED.some((field) => known[field] !== receiver[field])) {
      this.#secrets = openSecrets(this.context.cipher, receiver);
    }
    const { maxPerSecond } = receiver;
    if (maxPerSecond === null) this.#pace = undefined;
    else if (this.#pace?.maxPerSecond !== maxPerSecond) this.#pace = new Pace(maxPerSecond);
  }

  /** Gives the receiver up if there is reason to. True when that was done: what was read is not to be sent. */
  async #disable(): Promise<boolean> {
    if (!this.#toDisable) return false;
    try {
      await this.context.disable(this.target, this.#toDisable, this.#health.failingMs);
      this.#toDisable = undefined;
      return true;
    } catch (error) {
      this.#logger.warn({ err: error as Error, ...this.target }, 'A subscription could not be disabled yet');
      return false;
    }
  }

  /** What was stored before the subscription came into fifo order takes its turn, too. True when it was seen to: what was read may be in another order. */
  async #putInOrder(): Promise<boolean> {
    const before = this.#inOrder;
    this.#inOrder = this.#receiver?.ordering === 'fifo';
    if (!this.#inOrder || before) return false;
    await this.context.deliveries.putInOrder(this.target);
    return true;
  }

  /** Attempts that may begin now. */
  #room(): number {
    const oneByOne = this.#receiver?.ordering === 'fifo' || isTripped(this.#health);
    const room = (oneByOne ? 1 : this.#window.size) - this.#sending.size;
    return Math.max(0, Math.min(room, this.#pace?.available() ?? room));
  }

  #begin(due: DueDelivery[], receiver: Receiver): void {
    const deliveries = due.slice(0, this.#room());
    this.#pace?.take(deliveries.length);
    for (const delivery of deliveries) {
      this.#sending.add(delivery.event_id);
      void this.#attempt(delivery, receiver);
    }
  }

  async #attempt(delivery: DueDelivery, receiver: Receiver): Promise<void> {
    const { ordering } = receiver;
    const { sender, places, options } = this.context;
    const id = randomUUIDv7();
    const { organizationId, subscriptionId } = this.target;
    const message = { eventId: delivery.event_id, body: delivery.body };
    const result = await places.with(organizationId, async () => {
      const now = this.#receiver;
      if (!this.#open || !now) return undefined;
      return sender.send(
        deliveryRequest({ url: now.url, subscriptionId, secrets: this.#secrets }, message, new Date()),
      );
    });
    if (!result) {
      // While it waited for a place, it was found that nothing is to be sent.
      this.#sending.delete(delivery.event_id);
      this.#alarm.wake();
      return;
    }
    const number = delivery.attempts + 1;
    const pauseMs = result.outcome === 'delivered' ? undefined : pauseAfter(options.retrySchedule, number);
    const fifo = ordering === 'fifo';
    // How one receiver did says nothing of another.
    if (this.#receiver && countTogether(this.#receiver, receiver)) {
      this.#judge(result);
      // What comes after it waits along with it.
      if (fifo && pauseMs) this.#head = { eventId: delivery.event_id, pauseMs };
    }
    if (this.#ended.length === 0) this.#firstEndedAt = performance.now();
    const ended = { id, delivery, number, result, pauseMs, fifo };
    this.#ended.push(ended);
    this.#sending.delete(delivery.event_id);
    reportAttempt(this.target, ended);
    this.#alarm.wake();
  }

  #judge(result: AttemptResult): void {
    this.#health = afterAttempt(this.#health, result);
    if (result.outcome === 'delivered') this.#window.delivered();
    else this.#window.failed();
    this.#toDisable ??= reasonToDisable(this.#health, result);
    this.#pauseMs = Math.max(this.#pauseMs, pauseOfReceiver(this.#health, result));
  }

  /** Waits a moment for news; true when there were none. */
  async #linger(): Promise<boolean> {
    if (!this.#nudged) await this.#alarm.sleep(LINGER_MS);
    return !this.#nudged;
  }

  /** Waits until an exchange is worth while. */
  async #wait(): Promise<void> {
    for (let ms = this.#patience(); ms > 0; ms = this.#patience()) await this.#alarm.sleep(ms);
  }

  /** Milliseconds until then, if no attempt ends before. */
  #patience(): number {
    const now = performance.now();
    const due = this.#room() > 0 && (this.#nudged || this.#more);
    if (this.#ended.length > 0) {
      const enough = this.#ended.length >= this.#window.size / 2 || (due && this.#sending.size === 0);
      return enough ? 0 : this.#firstEndedAt + (due ? GATHER_MS : SETTLE_MS) - now;
    }
    if (due) return 0;
    const token = this.#pace?.wait() ?? 0;
    if (this.#room() > 0) return this.#exchangedAt + this.#lookMs - now;
    const renewal = this.#exchangedAt + RENEW_MS - now;
    return token > 0 ? Math.min(token, renewal) : renewal;
  }
}

/** Whether two readings of a subscription belong together: it was not enabled, pointed elsewhere or put in another order. */
function countTogether(one: Receiver, other: Receiver): boolean {
  return one.failuresCountFrom.getTime() === other.failuresCountFrom.getTime();
}

/** Whoever replaces a key changes `secretKey`, too. */
const SEALED = ['authorization', 'customHeaders', 'secretKey'] as const;
