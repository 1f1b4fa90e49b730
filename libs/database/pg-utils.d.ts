declare module 'pg/lib/utils.js' {
  /** How pg turns a value into what goes over the wire. */
  export function prepareValue(value: unknown): unknown;
}
