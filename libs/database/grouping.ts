import { DomainError } from '#libs/platform/domain-error.js';
import { FairQueue } from '#libs/platform/fair-queue.js';
import { Contended } from './unavailable.js';

interface Waiting<Call, Answer> {
  call: Call;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
}

/** Limits of a {@link Grouping}. */
export interface GroupingLimits {
  /** Maximum number of groups under way. Further calls wait, and then share one. */
  parallel: number;
  /** Maximum number of calls in a group. */
  size: number;
}

/**
 * Lets calls share a transaction, with its round trip and its flush to disk: calls of one iteration of the event loop,
 * and calls that have to wait anyway. Waiting organizations take turns. A group that fails is rolled back, and then
 * runs each of its calls alone, so that no call suffers from another.
 */
export class Grouping<Call, Answer> {
  #running = 0;
  #due = false;
  readonly #waiting = new FairQueue<Waiting<Call, Answer>>();

  /**
   * @param run runs all of the calls or none, and returns their answers in order
   * @param onIdle called whenever no group is under way any more
   */
  constructor(
    private readonly limits: GroupingLimits,
    private readonly run: (calls: Call[]) => Promise<(Answer | Promise<Answer>)[]>,
    private readonly onIdle: () => void = () => undefined,
  ) {}

  call(organizationId: string, call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(organizationId, { call, resolve, reject });
      this.#startAtEndOfTurn();
    });
  }

  #startAtEndOfTurn(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      while (this.#waiting.length > 0 && this.#running < this.limits.parallel) {
        void this.#work(this.#waiting.take(this.limits.size));
      }
    });
  }

  async #work(group: Waiting<Call, Answer>[]): Promise<void> {
    this.#running++;
    await this.#runGroup(group);
    this.#running--;
    if (this.#waiting.length > 0) this.#startAtEndOfTurn();
    else if (this.#running === 0) this.onIdle();
  }

  async #runGroup(group: Waiting<Call, Answer>[]): Promise<void> {
    try {
      const answers = await this.run(group.map(({ call }) => call));
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      // An unavailable database fails all of them. Any other error is caused by one of the calls.
      const away = error instanceof DomainError && !(error instanceof Contended);
      if (group.length === 1 || away) for (const { reject } of group) reject(error);
      else await Promise.all(group.map((one) => this.#runGroup([one])));
    }
  }
}
