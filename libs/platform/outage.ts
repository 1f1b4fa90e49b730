import { Gauge } from 'prom-client';
import { reasonOf } from './reason.js';

const degraded = new Gauge({
  name: 'deskstream_degraded',
  help: 'Parts of this process that go on without a service they need: 1 while it fails, else 0.',
  labelNames: ['part'],
});

/** What the log is told. */
export interface OutageReports {
  /** @param reason of the first failure */
  begins(reason: string): void;
  ends(): void;
}

/** For how long nothing must have failed before an outage is over: one that flickers is one. */
const QUIET_MS = 5_000;

/** The times in which a service fails that a part of the process can do without: told once when each begins and ends. */
export class Outage {
  #failedAt: number | undefined;

  /** @param part the label of the metric `deskstream_degraded` */
  constructor(
    private readonly part: string,
    private readonly reports: OutageReports,
  ) {
    degraded.set({ part }, 0);
  }

  get lasts(): boolean {
    return this.#failedAt !== undefined;
  }

  failed(error: unknown): void {
    const begins = !this.lasts;
    this.#failedAt = performance.now();
    if (!begins) return;
    degraded.set({ part: this.part }, 1);
    this.reports.begins(reasonOf(error));
  }

  worked(): void {
    if (this.#failedAt === undefined || performance.now() - this.#failedAt < QUIET_MS) return;
    this.#failedAt = undefined;
    degraded.set({ part: this.part }, 0);
    this.reports.ends();
  }
}
