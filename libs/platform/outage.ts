import { Gauge } from 'prom-client';
import { reasonOf } from './reason.js';

const degraded = new Gauge({
  name: 'deskstream_degraded',
  help: 'Parts of this process that continue without a service that they need: 1 while it fails, else 0.',
  labelNames: ['part'],
});

/** Receives the beginnings and ends of outages, to log them. */
export interface OutageReports {
  /** @param reason of the first failure */
  begins(reason: string): void;
  ends(): void;
}

/** Time without failures after which an outage ends, so that flickering is one outage. */
const QUIET_MS = 5_000;

/** The outages of a service that a part of the process can work without: reports when each begins and ends. */
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
