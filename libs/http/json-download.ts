import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';

/**
 * Returns `{"data": {…}}` as a file to be saved, written piece by piece. A field that is an async iterable becomes an
 * array, of which only the current item is held in memory; an item may have such fields, too. If reading fails after
 * the start, the connection is closed, so that the client does not take a part for the whole.
 * @param filename plain ASCII, without quotes
 */
export function jsonDownload(filename: string, data: object): StreamableFile {
  // One piece ahead of the client, not the usual sixteen.
  return new StreamableFile(Readable.from(document(data), { highWaterMark: 1 }), {
    type: 'application/json; charset=utf-8',
    disposition: `attachment; filename="${filename}"`,
  });
}

async function* document(data: object): AsyncGenerator<string> {
  yield* piecesOf(data, '{"data":');
  yield '}';
}

/** @param before text that precedes the value, in the same piece */
async function* piecesOf(value: unknown, before: string): AsyncGenerator<string> {
  if (isAsyncIterable(value)) yield* piecesOfItems(value, before);
  else if (hasAsyncIterables(value)) yield* piecesOfFields(value, before);
  else yield before + JSON.stringify(value);
}

async function* piecesOfFields(fields: object, before: string): AsyncGenerator<string> {
  let delimiter = `${before}{`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    yield* piecesOf(value, `${delimiter}${JSON.stringify(name)}:`);
    delimiter = ',';
  }
  yield '}';
}

async function* piecesOfItems(items: AsyncIterable<unknown>, before: string): AsyncGenerator<string> {
  let delimiter = `${before}[`;
  for await (const item of items) {
    yield* piecesOf(item, delimiter);
    delimiter = ',';
  }
  yield delimiter === ',' ? ']' : `${delimiter}]`;
}

function hasAsyncIterables(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.values(value).some(isAsyncIterable);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
