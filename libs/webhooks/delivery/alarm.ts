/** Sleep that can be ended. */
export class Alarm {
  #ring: () => void = () => undefined;

  /** For so many milliseconds, or until {@link wake}. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.#ring();
  }
}
