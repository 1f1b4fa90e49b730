import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Cipher } from '#libs/platform/cipher.js';
import { Signal } from '#libs/platform/signal.js';
import { type WebhookOptions } from '../../webhooks.settings.js';
import { type DisabledReason } from '../../subscriptions/subscription.rules.js';
import { type OperatorAlerts } from '../operator-alerts.js';
import { type Sender } from '../sending/attempt.js';
import { deliveryRequest } from '../sending/signing.js';
import { reportAttempt, reportTripped } from './attempt-log.js';
import { type AttemptPlaces } from './attempt-places.js';
import { type DeliveryRows } from './delivery-rows.js';
import {
  type DrainTarget,
  type DueDelivery,
  type EndedAttempt,
  type Exchange,
  type Receiver,
  type Work,
} from './drain-statements.js';
import { tracedAttempt } from './attempt-trace.js';
import { ReceiverState } from './receiver-state.js';
import { pauseAfter } from './retry-schedule.js';

/** Time slice of a drain: after it, the drain ends when other subscriptions wait for its place. */
const SLICE_MS = 10_000;
/** Maximum wait of an ended attempt for others to record with it, if more deliveries are due. */
const GATHER_MS = 5;
/** The same, if no more deliveries are known to be due. */
const SETTLE_MS = 50;
/** Pause between two reads of due deliveries while attempts are under way. It doubles while there are none. */
const LOOK_MS = 200;
/** How long an idle drain keeps its lease: longer than the gaps in a steady flow, since a new drain costs a job. */
const LINGER_MS = 100;
/** Age at which the lease is renewed, well within its time. */
const RENEW_MS = 2_000;
/** Pause between tries to record ended attempts while the database is unavailable, and their maximum duration. */
const [RECORD_AGAIN_MS, RECORD_WITHIN_MS] = [500, 60_000];
/** Maximum duration of these tries once the process shuts down. */
const STOP_WITHIN_MS = 10_000;

/** The context that the drains of a process share. */
export interface DrainContext {
  /** Identifies the process. Its leases end when the process is no longer alive. */
  holder: string;
  deliveries: DeliveryRows;
  sender: Sender;
  places: AttemptPlaces;
  cipher: Cipher;
  options: WebhookOptions;
  disable: (target: DrainTarget, reason: DisabledReason, failingMs: number) => Promise<boolean>;
  /** Sends alerts to the operator. */
  alerts: Pick<OperatorAlerts, 'raise'>;
  /** Returns whether the process shuts down. */
  stopping: () => boolean;
  /** Returns whether the organization has no free place for another drain, so that others may be waiting. */
  crowded: (target: DrainTarget) => boolean;
}

type State = 'closed' | 'sending' | 'idle' | 'released';

/**
 * The delivery worker of one subscription. It runs while its process holds the subscription's lease, and talks to the
 * database in exchanges: each records the attempts that have ended, reads due deliveries and, when it is time, renews
 * the lease.
 *
 * - `closed`: no attempt begins. The first state, until an exchange has read the receiver. Also the state once the
 *   lease is lost, the subscription is disabled, its receiver is paused, the process shuts down, or the time slice is
 *   over and other subscriptions wait. Attempts under way end and are recorded. -> `sending` when an exchange finds
 *   the subscription open. -> `released` when no attempt is left.
 * - `sending`: attempts begin as long as there is room. -> `idle` when none is under way and none has become due for
 *   `LINGER_MS`. -> `closed` for the reasons above.
 * - `idle`: the next exchange releases the lease unless something is due. -> `sending` when something is due.
 *   -> `closed` when the lease was released.
 * - `released`: the lease is given back and {@link run} has returned. {@link run} starts again from `closed`.
 */
export class Drain {
  readonly #logger = new Logger('Webhooks');
  readonly #signal = new Signal();
  readonly #receiver: ReceiverState;
  #state: State = 'closed';
  /** Events whose deliveries are being attempted. */
  readonly #sending = new Set<string>();
  #ended: EndedAttempt[] = [];
  #firstEndedAt = 0;
  #exchangedAt = 0;
  #lookMs = LOOK_MS;
  /** Whether more may be due than the last exchange had room for. */
  #more = false;
  #nudged = false;
  /** The lease was claimed just before the drain was made. */
  #renewedAt = performance.now();
  /** The number of failures that the database knows. */
  #recordedFailures = 0;
  #inOrder = false;

  constructor(
    private readonly target: DrainTarget,
    private readonly context: DrainContext,
  ) {
    this.#receiver = new ReceiverState(context.cipher);
  }

  /** Tells the drain that deliveries may have become due. */
  nudge(): void {
    this.#nudged = true;
    this.#signal.wake();
  }

  /** Whether the drain was nudged after its last exchange. */
  get nudged(): boolean {
    return this.#nudged;
  }

  /** Releases the lease without sending anything. Resolves to true, since deliveries are due. */
  async giveBack(): Promise<true> {
    await this.#exchange(0, 'always');
    return true;
  }

  /** Sends until the lease is released. Resolves to true when the time slice was over and more may be due. */
  async run(): Promise<boolean> {
    const sliceEnd = performance.now() + SLICE_MS;
    this.#state = 'closed';
    for (;;) {
      const over = this.context.stopping() || (this.context.crowded(this.target) && performance.now() > sliceEnd);
      const room = over ? 0 : this.#receiver.room(this.#sending.size);
      const work = await this.#exchange(room, this.#release(room));
      const state = this.#enter(work, over);
      this.#more = state === 'sending' && work.due.length === room;
      this.#lookMs = work.due.length > 0 ? LOOK_MS : Math.min(this.#lookMs * 2, RENEW_MS);
      if (state === 'sending') this.#begin(work.due);
      const resting = this.#sending.size === 0 && this.#ended.length === 0;
      if (resting && state === 'closed') {
        if (work.leased) await this.#exchange(0, 'always');
        this.#state = 'released';
        return over && !this.context.stopping();
      }
      if (resting && room > 0 && (await this.#linger())) this.#state = 'idle';
      else await this.#wait();
    }
  }

  /** Enters the state that follows from an exchange. */
  #enter({ leased, receiver }: Work, over: boolean): State {
    const open = !over && leased && receiver?.enabled === true && !receiver.paused;
    this.#state = open ? 'sending' : 'closed';
    return this.#state;
  }

  /** Returns when the next exchange releases the lease. */
  #release(room: number): Exchange['release'] {
    if (this.#sending.size > 0 || this.#receiver.reasonToDisable) return 'never';
    if (this.#receiver.pauseMs > 0) return 'always';
    return this.#state === 'idle' && room > 0 ? 'if-idle' : 'never';
  }

  /** Records the ended attempts, and reads due deliveries. */
  async #exchange(room: number, release: Exchange['release']): Promise<Work> {
    const ended = this.#ended.splice(0);
    const { failures } = this.#receiver.health;
    const { current } = this.#receiver;
    const verdict = this.#receiver.takeVerdict();
    const now = performance.now();
    const renew =
      release !== 'never' ||
      verdict.pauseMs > 0 ||
      verdict.head !== undefined ||
      failures !== this.#recordedFailures ||
      now > this.#renewedAt + RENEW_MS;
    this.#nudged = false;
    const work = await this.#persistently({
      ...this.target,
      ...verdict,
      holder: this.context.holder,
      ended,
      failures: current && failures,
      countsFrom: current?.failuresCountFrom,
      renew,
      busy: [...this.#sending],
      room,
      release,
    });
    this.#exchangedAt = performance.now();
    if (renew && work.leased) [this.#renewedAt, this.#recordedFailures] = [now, failures];
    else if (!work.leased) this.#renewedAt = -RENEW_MS;
    if (work.receiver && !this.#receiver.update(work.receiver)) this.#recordedFailures = work.receiver.failures;
    const changed = work.leased && ((await this.#disable()) || (await this.#putInOrder()));
    return changed ? { ...work, due: [] } : work;
  }

  /** Tries again while the database is unavailable: only this process knows how the attempts ended. */
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

  /** Disables the subscription if there is a reason to. Returns true when it did. No delivery may begin then. */
  async #disable(): Promise<boolean> {
    const { reasonToDisable, health } = this.#receiver;
    if (!reasonToDisable) return false;
    try {
      if (await this.context.disable(this.target, reasonToDisable, health.failingMs)) {
        this.context.alerts.raise('subscription.disabled', { ...this.target, reason: reasonToDisable });
      }
      this.#receiver.disabled();
      return true;
    } catch (error) {
      this.#logger.warn({ err: error as Error, ...this.target }, 'A subscription could not be disabled yet');
      return false;
    }
  }

  /**
   * Orders deliveries that were stored before the subscription became fifo. Returns true when it did. The due deliveries
   * must then be read again, since their order may be another.
   */
  async #putInOrder(): Promise<boolean> {
    const before = this.#inOrder;
    this.#inOrder = this.#receiver.current?.ordering === 'fifo';
    if (!this.#inOrder || before) return false;
    await this.context.deliveries.putInOrder(this.target);
    return true;
  }

  #begin(due: DueDelivery[]): void {
    const deliveries = due.slice(0, this.#receiver.room(this.#sending.size));
    this.#receiver.begin(deliveries.length);
    for (const delivery of deliveries) {
      this.#sending.add(delivery.event_id);
      void this.#attempt(delivery, this.#receiver.current as Receiver);
    }
  }

  async #attempt(delivery: DueDelivery, receiver: Receiver): Promise<void> {
    const id = randomUUIDv7();
    const result = await this.context.places.with(this.target.organizationId, async () => this.#send(delivery));
    if (result) {
      const number = delivery.attempts + 1;
      const failed = result.outcome !== 'delivered';
      const pauseMs = failed ? pauseAfter(this.context.options.retrySchedule, number) : undefined;
      const fifo = receiver.ordering === 'fifo';
      const head = fifo && pauseMs ? { eventId: delivery.event_id, pauseMs } : undefined;
      const tripped = this.#receiver.judge(receiver, result, head);
      if (this.#ended.length === 0) this.#firstEndedAt = performance.now();
      const ended = { id, delivery, number, result, pauseMs, fifo };
      this.#ended.push(ended);
      reportAttempt(this.target, ended);
      if (tripped) reportTripped(this.target, this.#receiver.health.failures, result);
      this.#alert(ended, tripped);
    }
    this.#sending.delete(delivery.event_id);
    this.#signal.wake();
  }

  /** Alerts the operator to a breaker that has opened, and to a delivery that is given up. */
  #alert({ delivery, result: { outcome }, pauseMs, number }: EndedAttempt, tripped: boolean): void {
    const { alerts } = this.context;
    if (tripped) alerts.raise('subscription.failing', { ...this.target, outcome });
    if (outcome === 'delivered' || pauseMs !== undefined) return;
    const { event_id: eventId, event_name: event } = delivery;
    alerts.raise('delivery.exhausted', { ...this.target, eventId, event, attempts: number, outcome });
  }

  /** Sends a request; returns undefined when the drain was closed while the attempt waited for its place. */
  async #send(delivery: DueDelivery) {
    const { current, secrets } = this.#receiver;
    if (this.#state !== 'sending' || !current) return undefined;
    const receiver = { url: current.url, subscriptionId: this.target.subscriptionId, secrets };
    return tracedAttempt(this.target, delivery, (traceparent) => {
      const message = { eventId: delivery.event_id, body: delivery.body, traceparent };
      return this.context.sender.send(deliveryRequest(receiver, message, new Date()));
    });
  }

  /** Waits briefly for new deliveries. Returns true when there were none. */
  async #linger(): Promise<boolean> {
    if (!this.#nudged) await this.#signal.sleep(LINGER_MS);
    return !this.#nudged;
  }

  /** Waits until an exchange is worthwhile. */
  async #wait(): Promise<void> {
    for (let ms = this.#patience(); ms > 0; ms = this.#patience()) await this.#signal.sleep(ms);
  }

  /** Returns the milliseconds until an exchange is worthwhile, if no attempt ends before. */
  #patience(): number {
    const now = performance.now();
    const room = this.#receiver.room(this.#sending.size);
    const due = room > 0 && (this.#nudged || this.#more);
    if (this.#ended.length > 0) {
      const enough = this.#ended.length >= this.#receiver.window.size / 2 || (due && this.#sending.size === 0);
      return enough ? 0 : this.#firstEndedAt + (due ? GATHER_MS : SETTLE_MS) - now;
    }
    if (due) return 0;
    if (room > 0) return this.#exchangedAt + this.#lookMs - now;
    const renewal = this.#exchangedAt + RENEW_MS - now;
    const token = this.#receiver.rateWaitMs;
    return token > 0 ? Math.min(token, renewal) : renewal;
  }
}
