import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';

/**
 * Answers `{"data": {…}}` as a file to be saved, spelt piece by piece: a field that is iterable asynchronously becomes an
 * array, of which no more is held than the item that is being sent. When reading fails after that, the connection breaks
 * off, so that nobody takes the piece for the whole.
 * @param filename of plain ASCII, without quotes
 */
export function jsonDownload(filename: string, data: Record<string, unknown>): StreamableFile {
  return new StreamableFile(Readable.from(spelt(data)), {
    type: 'application/json; charset=utf-8',
    disposition: `attachment; filename="${filename}"`,
  });
}

async function* spelt(data: Record<string, unknown>): AsyncGenerator<string> {
  yield '{"data":{';
  for (const [index, [name, value]] of Object.entries(data).entries()) {
    yield `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`;
    if (isAsyncIterable(value)) yield* speltItems(value);
    else yield JSON.stringify(value);
  }
  yield '}}';
}

async function* speltItems(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = '[';
  for await (const item of items) {
    yield before + JSON.stringify(item);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
