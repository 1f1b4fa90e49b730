/**
 * A queue whose owners take turns (round robin): each of them waits for at most one item of each other owner,
 * regardless of how many items that owner has. An owner's own items keep their order.
 */
export class FairQueue<Item> {
  /** Owners in order of turns. */
  readonly #lines = new Map<string, Item[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(owner: string, item: Item): void {
    this.#length++;
    const line = this.#lines.get(owner);
    if (line) line.push(item);
    else this.#lines.set(owner, [item]);
  }

  /**
   * Takes the next item, and puts its owner behind the others.
   * @param mayTake skips the owners for which it does not return true
   */
  shift(mayTake: (owner: string) => boolean = () => true): Item | undefined {
    for (const [owner, line] of this.#lines) {
      if (!mayTake(owner)) continue;
      this.#length--;
      const item = line.shift();
      this.#lines.delete(owner);
      if (line.length > 0) this.#lines.set(owner, line);
      return item;
    }
    return undefined;
  }

  /** Takes the next items, one of each owner in turn. */
  take(count: number): Item[] {
    const items: Item[] = [];
    while (items.length < count && this.#length > 0) items.push(this.shift() as Item);
    return items;
  }
}
