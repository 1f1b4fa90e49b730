import { DomainError } from '#libs/platform/domain-error.js';
import { FairQueue } from '#libs/platform/fair-queue.js';
import { Contended } from './unavailable.js';

interface Waiting<Call, Answer> {
  call: Call;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
}

/** How far calls are taken together. */
export interface GroupingLimits {
  /** Groups under way at the same time. Calls that come while so many are wait, and then share one. */
  parallel: number;
  /** Calls in a group, at most. */
  size: number;
}

/**
 * Lets calls share a transaction, and so its round trip and its flush to disk: those of one turn of the event loop, and
 * those that would have to wait anyway. Organizations that wait take turns. A group that fails is undone as a whole, and
 * each of its calls then stands for itself: none suffers from another.
 */
export class Grouping<Call, Answer> {
  #running = 0;
  #due = false;
  readonly #waiting = new FairQueue<Waiting<Call, Answer>>();

  /**
   * @param run does all of the calls or none, and answers each in its place
   * @param onIdle told whenever nothing is under way any more
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
      // A database that is away is away for each of them; whatever else it is, one of them is the cause.
      const away = error instanceof DomainError && !(error instanceof Contended);
      if (group.length === 1 || away) for (const { reject } of group) reject(error);
      else await Promise.all(group.map((one) => this.#runGroup([one])));
    }
  }
}
