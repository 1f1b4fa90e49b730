import { type ClientRequest } from 'node:http';
import { type Socket } from 'node:net';

/** Maximum size of an answer, with its head and interim answers. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** A complete status line after any number of interim answers. */
const STATUS =
  /^(?:HTTP\/\d(?:\.\d)? 1(?!01)\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)*HTTP\/\d(?:\.\d)? +([2-9]\d\d)(?: [^\n]*|\r)?\n/;

/** Reports an answer that is too long. */
class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
  constructor() {
    super(`more than ${MAX_ANSWER_BYTES / 1024} KB without an end`);
  }
}

/** The answer to a request, as it arrives. Breaks the connection when it is too long. */
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
        // This runs before the parser, which may reject the data.
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

  /** The status of an answer with a faulty or incomplete head; undefined if even the status is missing. */
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
