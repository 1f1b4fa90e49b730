import { type Cipher } from '#libs/platform/cipher.js';
import { type DisabledReason } from '../../subscriptions/subscription.rules.js';
import { openSecrets, type SubscriptionSecrets } from '../../subscriptions/subscription.stream.js';
import { type AttemptResult } from '../sending/attempt.js';
import { AttemptRate } from './attempt-rate.js';
import { afterAttempt, type Health, HEALTHY, isTripped, pauseOfReceiver, reasonToDisable } from './circuit-breaker.js';
import { ConcurrencyWindow } from './concurrency-window.js';
import { type Exchange, type Receiver } from './drain-statements.js';

/** The findings about a receiver that the next exchange records. */
export type Verdict = Pick<Exchange, 'pauseMs' | 'head'>;

const NO_VERDICT: Verdict = { pauseMs: 0, head: undefined };

/** The receiver of one subscription: its last state in the database, and the results of later attempts. */
export class ReceiverState {
  readonly window = new ConcurrencyWindow();
  #current: Receiver | undefined;
  #secrets: SubscriptionSecrets;
  #rate: AttemptRate | undefined;
  #health: Health = HEALTHY;
  #verdict = NO_VERDICT;
  #reasonToDisable: DisabledReason | undefined;

  constructor(private readonly cipher: Cipher) {}

  /** Undefined before the first exchange. */
  get current(): Receiver | undefined {
    return this.#current;
  }

  get secrets(): SubscriptionSecrets {
    return this.#secrets;
  }

  get health(): Health {
    return this.#health;
  }

  /** The reason to disable the subscription, or undefined. */
  get reasonToDisable(): DisabledReason | undefined {
    return this.#reasonToDisable;
  }

  /** Milliseconds for which the receiver is paused after the next exchange. */
  get pauseMs(): number {
    return this.#verdict.pauseMs;
  }

  /**
   * Applies what an exchange has read. The process that holds the lease counts failures itself, until the subscription
   * is enabled, pointed at another URL or put in another order.
   * @returns whether earlier failures still count
   */
  update(receiver: Receiver): boolean {
    const known = this.#current;
    this.#current = receiver;
    const countsOn = known !== undefined && countTogether(known, receiver);
    this.#health = {
      failures: countsOn ? this.#health.failures : receiver.failures,
      failingMs: receiver.failingMs,
    };
    if (!countsOn) [this.#verdict, this.#reasonToDisable] = [NO_VERDICT, undefined];
    if (!known || SEALED.some((field) => known[field] !== receiver[field])) {
      this.#secrets = openSecrets(this.cipher, receiver);
    }
    const { maxPerSecond } = receiver;
    if (maxPerSecond === null) this.#rate = undefined;
    else if (this.#rate?.maxPerSecond !== maxPerSecond) this.#rate = new AttemptRate(maxPerSecond);
    return countsOn;
  }

  /** Returns how many attempts may begin now, while others are under way. */
  room(underWay: number): number {
    const oneByOne = this.#current?.ordering === 'fifo' || isTripped(this.#health);
    const room = (oneByOne ? 1 : this.window.size) - underWay;
    return Math.max(0, Math.min(room, this.#rate?.available() ?? room));
  }

  /** Counts attempts that begin against the subscription's rate. */
  begin(attempts: number): void {
    this.#rate?.take(attempts);
  }

  /** Milliseconds until the rate admits another attempt; 0 when it does now. */
  get rateWaitMs(): number {
    return this.#rate?.wait() ?? 0;
  }

  /**
   * Updates the health after an attempt, unless it was made to an earlier receiver of the subscription.
   * @param receiver the receiver that the attempt was made to
   * @param retry when a failed delivery of a fifo subscription is retried: those behind it wait, too
   * @returns whether this has opened the circuit breaker
   */
  judge(receiver: Receiver, result: AttemptResult, retry: Exchange['head']): boolean {
    if (!this.#current || !countTogether(this.#current, receiver)) return false;
    const wasTripped = isTripped(this.#health);
    this.#health = afterAttempt(this.#health, result);
    if (result.outcome === 'delivered') this.window.delivered();
    else this.window.failed();
    this.#reasonToDisable ??= reasonToDisable(this.#health, result);
    const pauseMs = Math.max(this.#verdict.pauseMs, pauseOfReceiver(this.#health, result));
    this.#verdict = { pauseMs, head: retry ?? this.#verdict.head };
    return !wasTripped && isTripped(this.#health);
  }

  /** Returns the findings that the next exchange records, once. */
  takeVerdict(): Verdict {
    const verdict = this.#verdict;
    this.#verdict = NO_VERDICT;
    return verdict;
  }

  disabled(): void {
    this.#reasonToDisable = undefined;
  }
}

/** Returns whether failures at both readings count together: no enabling, redirection or reordering in between. */
function countTogether(one: Receiver, other: Receiver): boolean {
  return one.failuresCountFrom.getTime() === other.failuresCountFrom.getTime();
}

/** The sealed columns. A rotation changes `secretKey` and `previousSecrets` together. */
const SEALED = ['authorization', 'customHeaders', 'secretKey'] as const;
