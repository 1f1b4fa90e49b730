/** What must be undone at the end, however a run ends: the newest first, each even if one before it failed. */
export class Cleanup {
  #steps = [];
  #over = false;

  /** Called before the thing is made, so that nothing can be made once the end has begun. */
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
