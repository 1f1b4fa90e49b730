import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';

const [dashboard, alerts, operations] = [
  'deploy/grafana/deskstream.json',
  'deploy/prometheus/alerts.yml',
  'docs/operations.md',
].map((file) => readFileSync(file, 'utf8')) as [string, string, string];

/** The metrics that exist: `test/metrics.e2e.spec.ts` compares the list of our own with what is served. */
function known(): Set<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const standard = registry.getMetricsAsArray().map(({ name }) => name);
  const own = [...operations.matchAll(/^\| `(deskstream_\w+)/gm)].map(([, name]) => name as string);
  return new Set([...standard, ...own]);
}

const NAME = /\b(?:deskstream|nodejs|process)_\w+/g;
const named = (text: string) => [...text.matchAll(NAME)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));

/** The expressions and descriptions of all panels and variables. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe('The dashboard and the alerts', () => {
  it.each([
    ['dashboard', textsOf(JSON.parse(dashboard)).join('\n')],
    ['alerts', alerts],
  ])('use in the %s only metrics that exist', (_, text) => {
    const names = named(text);
    expect(names.length).toBeGreaterThan(5);
    expect([...new Set(names)].filter((name) => !known().has(name))).toEqual([]);
  });

  it('show each of the own metrics', () => {
    const shown = new Set(named(dashboard));
    expect([...known()].filter((name) => name.startsWith('deskstream_') && !shown.has(name))).toEqual([]);
  });

  it('say of each alert what to do, and docs/operations.md lists them', () => {
    const rules = alerts.split(/^ +- alert: /m).slice(1);
    expect(rules.length).toBeGreaterThan(0);
    for (const rule of rules) expect(rule).toMatch(/^ +runbook: \S.*\.$/m);
    const listed = [...operations.matchAll(/^\| `(Deskstream\w+)` /gm)].map(([, name]) => name);
    expect(listed).toEqual(rules.map((rule) => rule.split('\n', 1)[0]));
  });
});
