/** A position of the primary's WAL. */
interface Sample {
  /** The time of the query, by this process's clock: earlier commits lie before the position. */
  askedAt: number;
  position: number;
}

/** Maximum number of samples. */
const KEPT = 1_000;

/** The primary's WAL over time. Shows how old a standby's state is without comparing the clocks of machines. */
export class WalPositions {
  readonly #samples: Sample[] = [];

  /** Samples must come in the order in which they were asked for. */
  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  get latest(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Returns the lowest known position behind all commits before an instant; undefined if none is known yet. */
  behind(instant: number): number | undefined {
    return this.#samples[this.#samples.findLastIndex(({ askedAt }) => askedAt < instant) + 1]?.position;
  }

  /** Returns the last known instant before which all commits lie before a position. */
  instantOf(position: number): number | undefined {
    return this.#samples.findLast((sample) => sample.position <= position)?.askedAt;
  }
}
