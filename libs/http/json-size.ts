import { MAX_CONTAINERS, MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_VALUES } from './limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** An array or object that is open at the current byte. */
interface Container {
  array: boolean;
  entries: number;
}

/**
 * Checks the depth and size of a JSON text before it is parsed: the later work on the values takes many times longer.
 * @param json bytes in UTF-8, well-formed JSON or not
 * @returns why it is too large, or undefined
 */
export function faultOfSize(json: Uint8Array): string | undefined {
  const open: Container[] = [];
  let containers = 0;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at);
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      open.push({ array: byte === OPEN_ARRAY, entries: 1 });
      values++;
      if (open.length > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
      if (++containers > MAX_CONTAINERS) return `more than ${MAX_CONTAINERS} arrays and objects`;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      open.pop();
    } else if (byte === COMMA) {
      const fault = faultOfEntries(open.at(-1));
      if (fault) return fault;
      if (++values > MAX_VALUES) return `more than ${MAX_VALUES} values`;
    }
  }
  return undefined;
}

/** Counts one more entry, and returns why there are too many, or undefined. */
function faultOfEntries(container: Container | undefined): string | undefined {
  if (!container) return undefined;
  const most = container.array ? MAX_ITEMS : MAX_KEYS;
  if (++container.entries <= most) return undefined;
  return container.array ? `an array with more than ${most} items` : `an object with more than ${most} keys`;
}

/** @param at the index of the opening quote */
function endOfString(json: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < json.length && json[end] !== QUOTE) end += json[end] === BACKSLASH ? 2 : 1;
  return end;
}
