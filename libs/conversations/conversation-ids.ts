import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database/database.js';

/** Number of ids drawn in one round trip. Those left when the process ends are never used. */
const BLOCK = 32;

/** Draws numbers for new conversations: unique, roughly rising, with gaps. */
@Injectable()
export class ConversationIds {
  #drawn: number[] = [];
  #drawing: Promise<void> | undefined;

  constructor(private readonly database: Database) {}

  async next(): Promise<number> {
    for (;;) {
      const id = this.#drawn.shift();
      if (id !== undefined) return id;
      // A unit of work holds a connection. It must not wait for another one, which other units may hold.
      await (this.database.unit ? this.#draw() : this.#drawTogether());
    }
  }

  #drawTogether(): Promise<void> {
    this.#drawing ??= this.#draw().finally(() => {
      this.#drawing = undefined;
    });
    return this.#drawing;
  }

  async #draw(): Promise<void> {
    const rows = await this.database.query<{ id: number }>(null, {
      text: `SELECT nextval('conversation_id') AS id FROM generate_series(1, $1)`,
      values: [BLOCK],
    });
    this.#drawn.push(...rows.map(({ id }) => id));
  }
}
