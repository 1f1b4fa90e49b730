/** Lets one caller sleep until another wakes it. A wake-up that comes while nobody sleeps is not remembered. */
export class Signal {
  #wake: () => void = () => undefined;

  /** Resolves after so many milliseconds, or at the next {@link wake}. */
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
