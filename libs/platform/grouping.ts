import { Deadlocked, DomainError } from './domain-error.js';

interface Waiting<Call, Answer> {
  call: Call;
  resolve: (answer: Answer) => void;
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
 * Lets calls that would have to wait anyway share a transaction, and so its round trip and its flush to disk. A group that
 * fails is undone as a whole, and each of its calls then stands for itself: none suffers from another.
 */
export class Grouping<Call, Answer> {
  #running = 0;
  readonly #waiting: Waiting<Call, Answer>[] = [];

  /** @param run does all of the calls or none, and answers each in its place */
  constructor(
    private readonly limits: GroupingLimits,
    private readonly run: (calls: Call[]) => Promise<Answer[]>,
  ) {}

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#running === 0;
  }

  call(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (this.#running < this.limits.parallel) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#running++;
    while (this.#waiting.length > 0) await this.#runGroup(this.#waiting.splice(0, this.limits.size));
    this.#running--;
  }

  async #runGroup(group: Waiting<Call, Answer>[]): Promise<void> {
    try {
      const answers = await this.run(group.map(({ call }) => call));
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      // A database that is away is away for each of them; whatever else it is, one of them is the cause.
      const away = error instanceof DomainError && !(error instanceof Deadlocked);
      if (group.length === 1 || away) for (const { reject } of group) reject(error);
      else await Promise.all(group.map((one) => this.#runGroup([one])));
    }
  }
}
