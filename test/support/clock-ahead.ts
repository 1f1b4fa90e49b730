/** Preloaded into a process to set its clock a minute ahead of all others. */
const AHEAD_MS = 60_000;

const OwnDate = Date;
const now = () => OwnDate.now() + AHEAD_MS;

globalThis.Date = new Proxy(OwnDate, {
  construct: (target, values: unknown[], newTarget) =>
    Reflect.construct(target, values.length > 0 ? values : [now()], newTarget) as Date,
  apply: () => new OwnDate(now()).toString(),
  get: (target, property): unknown => (property === 'now' ? now : Reflect.get(target, property)),
});
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + AHEAD_MS });
