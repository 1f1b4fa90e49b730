import { type ClientRequest } from 'node:http';
import { type Socket } from 'node:net';

/** Of an answer, its head and the interim answers before it included. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** A status line that is there as a whole, after any number of interim answers. */
const STATUS =
  /^(?:HTTP\/\d(?:\.\d)? 1(?!01)\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)*HTTP\/\d(?:\.\d)? +([2-9]\d\d)(?: [^\n]*|\r)?\n/;

/** More came than any answer needs. */
class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
  constructor() {
    super(`more than ${MAX_ANSWER_BYTES / 1024} KB came, and no end of it`);
  }
}

/** What comes in answer to a request, as it comes. Breaks the connection when there is no end of it. */
export class Received {
  #size = 0;
  readonly #beginning: Buffer[] = [];
  #response = false;

  constructor(request: ClientRequest) {
    request
      .once('socket', (socket) => {
        const onData = (chunk: Buffer) => {
          this.#add(chunk, socket);
        };
        // Before the parser, which may find fault with it.
        socket.prependListener('data', onData);
        request.once('close', () => socket.off('data', onData));
      })
      .once('response', () => {
        this.#response = true;
      });
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The status of an answer whose head is faulty, or was never there as a whole; undefined when not even that has come. */
  get status(): number | undefined {
    const status = STATUS.exec(Buffer.concat(this.#beginning).toString('latin1'))?.[1];
    return status === undefined ? undefined : Number(status);
  }

  #add(chunk: Buffer, socket: Socket): void {
    this.#size += chunk.length;
    if (!this.#response) this.#beginning.push(chunk);
    if (this.#size > MAX_ANSWER_BYTES) socket.destroy(new AnswerTooLong());
  }
}
