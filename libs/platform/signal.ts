/** Lets one caller sleep until another wakes it. Waking without a sleeper has no effect. */
export class Signal {
  #wake: () => void = () => undefined;

  /** Resolves after the given time, or at the next {@link wake}. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.#wake();
  }
}
