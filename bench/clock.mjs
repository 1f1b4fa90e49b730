/** Returns milliseconds of the machine's monotonic clock, which all processes share. */
export function clock() {
  return Number(process.hrtime.bigint()) / 1e6;
}
