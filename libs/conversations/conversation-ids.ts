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
      this.#drawing ??= this.database
        .apart(() => this.#draw())
        .finally(() => {
          this.#drawing = undefined;
        });
      await this.#drawing;
    }
  }

  async #draw(): Promise<void> {
    const rows = await this.database.query<{ id: number }>(null, {
      text: `SELECT nextval('conversation_id') AS id FROM generate_series(1, $1)`,
      values: [BLOCK],
    });
    this.#drawn.push(...rows.map(({ id }) => id));
  }
}
