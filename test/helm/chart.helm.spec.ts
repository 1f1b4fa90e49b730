import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { SETTINGS } from '#apps/config.js';
import { documentedSettings } from '#libs/platform/settings.js';

const run = promisify(execFile);
const CHART = 'deploy/helm/deskstream';
/** The types of objects; those of other operators have none. */
const TYPES: Record<string, string> = {
  'apps/v1 Deployment': 'apps/v1',
  'batch/v1 Job': 'batch/v1',
  'networking.k8s.io/v1 Ingress': 'networking/v1',
  'policy/v1 PodDisruptionBudget': 'policy/v1',
  'v1 Service': 'core/v1',
};

interface Container {
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }[];
  ports?: { name: string; containerPort: number }[];
  readinessProbe?: { httpGet: { port: string } };
  [name: string]: unknown;
}

interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    selector?: { matchLabels?: Record<string, string> } & Record<string, unknown>;
    template?: { metadata: { labels: Record<string, string> }; spec: { containers: [Container] } };
    ports?: { targetPort: string }[];
  };
}

/** Renders the chart with Go's templates, as Helm does. */
async function rendered(...values: string[]): Promise<Rendered[]> {
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode' };
  const { stdout } = await run('go', ['run', 'test/helm/render.go', CHART, ...values], { env });
  return loadAll(stdout).filter((one) => one !== null) as Rendered[];
}

const keyOf = ({ apiVersion, kind }: Rendered) => `${apiVersion} ${kind}`;
const podsOf = (objects: Rendered[]) => objects.flatMap(({ spec: { template } }) => template ?? []);

describe.each([
  ['by default', [], 6],
  ['with all values', ['test/helm/all-values.yaml'], 9],
] as const)('The Helm chart %s', (_, values, count) => {
  let objects: Rendered[];
  beforeAll(async () => {
    objects = await rendered(...values);
  });

  it('renders objects that are as Kubernetes types them', async () => {
    expect(objects).toHaveLength(count);
    const typed = objects.filter((one) => one.kind !== 'ServiceMonitor');
    expect(typed.filter((one) => !TYPES[keyOf(one)])).toEqual([]);
    const program = typed.map(
      (one, index) =>
        `import { ${one.kind} as T${index} } from 'kubernetes-types/${TYPES[keyOf(one)]}.js';
         export const object${index}: T${index} = ${JSON.stringify(one)};`,
    );
    const folder = await mkdtemp('test/helm/typed-');
    try {
      const file = join(folder, 'objects.ts');
      await writeFile(file, program.join('\n'));
      const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
      const checked = run(process.execPath, ['node_modules/typescript/bin/tsc', '--ignoreConfig', ...options, file]);
      await expect(checked.catch((error: unknown) => (error as { stdout: string }).stdout)).resolves.toEqual({
        stdout: '',
        stderr: '',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('selects the pods of a role by labels that they have', () => {
    const labels = podsOf(objects).map(({ metadata }) => metadata.labels);
    for (const { kind, spec } of objects) {
      if (!['Deployment', 'PodDisruptionBudget', 'Service'].includes(kind)) continue;
      const wanted = (spec.selector?.matchLabels ?? spec.selector) as Record<string, string>;
      const found = labels.filter((own) => Object.entries(wanted).every(([name, value]) => own[name] === value));
      expect({ kind, found: found.length > 0 }).toEqual({ kind, found: true });
    }
  });

  it('checks health and routes requests at ports that the containers have', () => {
    const containers = podsOf(objects).map(({ spec }) => spec.containers[0]);
    for (const { readinessProbe, ports = [] } of containers) {
      if (readinessProbe) expect(ports.map(({ name }) => name)).toContain(readinessProbe.httpGet.port);
    }
    const names = containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
    for (const { kind, spec } of objects) {
      if (kind === 'Service')
        expect(names).toEqual(expect.arrayContaining(spec.ports?.map((port) => port.targetPort) ?? []));
    }
  });

  it('sets variables that the application has, and gives each process the secrets that it needs', () => {
    const known = SETTINGS.flatMap((type) => documentedSettings(type).map(({ name }) => name));
    const pods = podsOf(objects).map(({ metadata, spec }) => [
      metadata.labels['app.kubernetes.io/component'],
      spec.containers[0].env,
    ]) as [string, Container['env']][];
    for (const [, env] of pods) {
      expect(known).toEqual(expect.arrayContaining(env.map(({ name }) => name)));
      for (const { value, valueFrom } of env) expect(typeof (value ?? valueFrom?.secretKeyRef.key)).toBe('string');
    }
    const rolesWith = (secret: string) =>
      pods.filter(([, env]) => env.some(({ name }) => name === secret)).map(([role]) => role);
    expect(rolesWith('DATABASE_OWNER_URL')).toEqual(['migrate']);
    expect(rolesWith('DATABASE_WORKER_URL')).toEqual(['migrate', 'worker']);
    expect(rolesWith('DATABASE_REPLICA_URL')).toEqual(['api']);
    expect(rolesWith('DATABASE_DIRECT_URL')).toEqual(rolesWith('DATABASE_URL'));
  });
});

describe('The version of the Helm chart', () => {
  it('is that of the application', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const [chart] = loadAll(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as [Record<string, string>];
    expect([chart.version, chart.appVersion]).toEqual([version, version]);
  });
});
