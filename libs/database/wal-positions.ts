/** A place in the WAL: each promotion of a standby begins a timeline, whose positions mean something else. */
export interface WalPoint {
  timeline: number;
  /** Bytes since the first WAL of the system. */
  position: number;
}

/** The end of the primary's WAL at some time. */
interface Sample extends WalPoint {
  /** When it was asked for, by this process's clock: earlier commits lie before the point. */
  askedAt: number;
}

/** Maximum number of samples. */
const KEPT = 1_000;

/** Returns whether a server that has reached a point has all commits before another: it must be of the same timeline. */
export function isReached(point: WalPoint, by: WalPoint): boolean {
  return point.timeline === by.timeline && point.position <= by.position;
}

/** The primary's WAL over time. Shows how old a standby's state is without comparing the clocks of machines. */
export class WalPositions {
  readonly #samples: Sample[] = [];

  /** Samples must come in the order in which they were asked for. Those of the timeline before are forgotten. */
  add(sample: Sample): void {
    if (sample.timeline !== this.latest?.timeline) this.#samples.length = 0;
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  get latest(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Returns the first known point behind all commits before an instant; undefined if none is known yet. */
  behind(instant: number): WalPoint | undefined {
    return this.#samples[this.#samples.findLastIndex(({ askedAt }) => askedAt < instant) + 1];
  }

  /** Returns the last known instant before which all commits lie before a point. */
  instantOf(point: WalPoint): number | undefined {
    return this.#samples.findLast((sample) => isReached(sample, point))?.askedAt;
  }
}
