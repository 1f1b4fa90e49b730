/** The steps that clean up after a run, however it ends: the newest first, each even if an earlier one failed. */
export class Cleanup {
  #steps = [];
  #over = false;

  /**
   * Adds a step. Must be called before the resource is created, so that nothing is created once the cleanup has begun.
   */
  add(step) {
    if (this.#over) throw new Error('The run is over');
    this.#steps.push(step);
  }

  async run() {
    this.#over = true;
    for (const step of this.#steps.reverse()) {
      await step().catch((error) => console.error('Something could not be cleaned up:', error));
    }
  }
}
