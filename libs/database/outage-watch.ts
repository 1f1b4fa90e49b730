import { OutageError } from '#libs/platform/domain-error.js';
import { type Outage } from '#libs/platform/outage.js';

/** Pause between looks for the end of an outage. */
const LOOK_MS = 1_000;

/** Tells outages of the server by its answers. */
export class OutageWatch {
  #looking: NodeJS.Timeout | undefined;

  /** @param look asks the server for anything: there may be no calls that would meet the end of an outage */
  constructor(
    private readonly outage: Outage | undefined,
    private readonly look: () => Promise<unknown>,
  ) {}

  /** Returns what a call returns, and notes whether the server works. */
  async over<T>(call: Promise<T>): Promise<T> {
    try {
      const result = await call;
      this.outage?.worked();
      return result;
    } catch (error) {
      if (error instanceof OutageError) this.#failed(error);
      throw error;
    }
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #failed({ cause, message }: OutageError): void {
    const { outage } = this;
    if (!outage) return;
    outage.failed(cause ?? message);
    this.#looking ??= setInterval(() => {
      if (outage.lasts) void this.look().catch(() => undefined);
      else this.stop();
    }, LOOK_MS).unref();
  }
}
