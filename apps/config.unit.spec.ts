import { readFileSync } from 'node:fs';
import { getMetadataStorage } from 'class-validator';
import { documentedSettings } from '#libs/platform/settings.js';
import { STOP_SECONDS } from './process.js';
import { InvalidConfig, loadConfig, SETTINGS } from './config.js';

describe('The configuration', () => {
  it('has a default for everything, and cannot be changed', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 3000,
      host: 'localhost',
      logLevel: 'info',
      databasePoolSize: 10,
      presenceTimeoutSeconds: 300,
    });
    expect(config.dataDir).toMatch(/\.deskstream$/);
    expect(() => Object.assign(config, { port: 1 })).toThrow();
  });

  it('takes what the environment says; an empty value is none', () => {
    const config = loadConfig({ PORT: '8080', HOST: '', DATABASE_URL: 'postgres://u:p@localhost:5432/d' });
    expect(config).toMatchObject({ port: 8080, host: 'localhost', databaseUrl: 'postgres://u:p@localhost:5432/d' });
    expect(config.databaseOwnerUrl).toBe(config.databaseUrl);
  });

  it('lists all its faults at once', () => {
    const faulty = {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://x',
      REDIS_URL: 'localhost',
      DESKSTREAM_MASTER_KEY: 'short',
      DESKSTREAM_BOOTSTRAP_TOKEN: 'short',
      DATABASE_POOL_SIZE: '0',
      DATABASE_WORKER_URL: 'postgres://x',
      TRUSTED_PROXIES: 'proxy.internal',
      RATE_LIMIT_PER_SECOND: '0',
      RATE_LIMIT_BURST: 'many',
      RATE_LIMIT_FAILURES_PER_SECOND: '0.5',
      PRESENCE_TIMEOUT_SECONDS: '4',
    };
    expect(() => loadConfig(faulty)).toThrow(InvalidConfig);
    for (const name of Object.keys(faulty)) expect(() => loadConfig(faulty)).toThrow(`- ${name} must`);
  });

  it('takes an origin alone for what clients call it by', () => {
    for (const PUBLIC_URL of ['https://support.example', 'http://localhost:8080']) {
      expect(loadConfig({ PUBLIC_URL }).publicUrl).toBe(PUBLIC_URL);
    }
    for (const PUBLIC_URL of [
      '*',
      'support.example',
      'https://a.example/',
      'https://a.example/api',
      'ftp://a.example',
    ]) {
      expect(() => loadConfig({ PUBLIC_URL })).toThrow('PUBLIC_URL must be an origin such as https://support.example');
    }
    for (const PUBLIC_URL of ['https://u:p@a.example', 'https://A.example', 'https://a.example?x=1', 'javascript:x']) {
      expect(() => loadConfig({ PUBLIC_URL })).toThrow('PUBLIC_URL must be');
    }
  });

  it('refuses ports that do not exist', () => {
    for (const PORT of ['-1', '65536', '80.5', 'x', '1e9']) expect(() => loadConfig({ PORT })).toThrow('PORT must be');
  });

  it('allows twice as many requests at once as in a second, unless it says otherwise, and none is no limit', () => {
    const perToken = (env: NodeJS.ProcessEnv) => loadConfig(env).rateLimits.perToken;
    expect(perToken({})).toEqual({ perSecond: 100, burst: 200 });
    expect(perToken({ RATE_LIMIT_PER_SECOND: '30' })).toEqual({ perSecond: 30, burst: 60 });
    expect(perToken({ RATE_LIMIT_PER_SECOND: '30', RATE_LIMIT_BURST: '90' })).toEqual({ perSecond: 30, burst: 90 });
    expect(perToken({ RATE_LIMIT_PER_SECOND: 'none' })).toBeUndefined();
    expect(loadConfig({}).rateLimits.failures).toEqual({ perSecond: 20, burst: 40 });
    expect(loadConfig({ RATE_LIMIT_FAILURES_PER_SECOND: 'none' }).rateLimits.failures).toBeUndefined();
    for (const RATE_LIMIT_BURST of ['0', '50', '150', '360100', '-100']) {
      expect(() => loadConfig({ RATE_LIMIT_BURST })).toThrow('RATE_LIMIT_BURST must be a multiple');
    }
  });

  it('takes for the worker only a login other than that of the API', () => {
    const [api, worker] = ['postgres://api:p@localhost/d', 'postgres://worker:p@localhost/d'];
    expect(loadConfig({ DATABASE_URL: api, DATABASE_WORKER_URL: worker }).databaseWorkerUrl).toBe(worker);
    for (const DATABASE_URL of [worker, undefined]) {
      const env = { DATABASE_URL, DATABASE_WORKER_URL: worker };
      expect(() => loadConfig(env)).toThrow('DATABASE_WORKER_URL must have its own login');
    }
  });

  it('finds PostgreSQL behind a pooler by the logins of the URLs that lead to the pooler', () => {
    const pooler = {
      DATABASE_URL: 'postgres://api:a%40@pooler:6432/d',
      DATABASE_WORKER_URL: 'postgres://w:w@pooler:6432/d',
    };
    const DATABASE_OWNER_URL = 'postgres://owner:o@pooler/d';
    const DATABASE_DIRECT_URL = 'postgres://server:5432/real?ssl=true';
    expect(loadConfig({ ...pooler, DATABASE_OWNER_URL, DATABASE_DIRECT_URL })).toMatchObject({
      databaseUrl: 'postgres://api:a%40@server:5432/real?ssl=true',
      databaseWorkerUrl: 'postgres://w:w@server:5432/real?ssl=true',
      databaseOwnerUrl: 'postgres://owner:o@server:5432/real?ssl=true',
      databasePooler: { url: pooler.DATABASE_URL, workerUrl: pooler.DATABASE_WORKER_URL },
    });
    expect(loadConfig(pooler)).not.toHaveProperty('databasePooler');
    expect(() => loadConfig({ DATABASE_DIRECT_URL })).toThrow('DATABASE_DIRECT_URL must be set with DATABASE_URL only');
  });

  it('takes true or false for whether statements stay prepared', () => {
    expect(loadConfig({}).databasePreparedStatements).toBe(true);
    expect(loadConfig({ DATABASE_PREPARED_STATEMENTS: 'false' }).databasePreparedStatements).toBe(false);
    const faulty = { DATABASE_PREPARED_STATEMENTS: 'no' };
    expect(() => loadConfig(faulty)).toThrow('DATABASE_PREPARED_STATEMENTS must be true or false');
  });

  it('takes for the origins of scripts what browsers send as such', () => {
    expect(loadConfig({}).http.corsOrigins).toEqual([]);
    const origins = ['https://app.example', 'http://localhost:5173'];
    expect(loadConfig({ CORS_ORIGINS: origins.join(', ') }).http.corsOrigins).toEqual(origins);
    for (const origin of [
      'app.example',
      'https://app.example/',
      'https://app.example/x',
      'null',
      'https://*.example',
    ]) {
      expect(() => loadConfig({ CORS_ORIGINS: origin })).toThrow('CORS_ORIGINS must be');
    }
  });

  it('lets the event loop stand for 30 seconds unless told otherwise, or for ever', () => {
    const seconds = (EVENT_LOOP_TIMEOUT_SECONDS?: string) =>
      loadConfig({ EVENT_LOOP_TIMEOUT_SECONDS }).eventLoopTimeoutSeconds;
    expect([seconds(), seconds('0'), seconds('3600')]).toEqual([30, 0, 3600]);
    for (const faulty of ['-1', '3601', '1.5', 'x']) {
      expect(() => seconds(faulty)).toThrow('EVENT_LOOP_TIMEOUT_SECONDS must be');
    }
  });

  it('goes on serving for some seconds after it was told to stop, or for those that the program or the environment says', () => {
    const seconds = (SHUTDOWN_DELAY_SECONDS?: string, defaults?: NodeJS.ProcessEnv) =>
      loadConfig({ SHUTDOWN_DELAY_SECONDS }, defaults).shutdownDelayMs / 1000;
    const program = { SHUTDOWN_DELAY_SECONDS: '0' };
    expect([seconds(), seconds('20'), seconds('', program), seconds('20', program)]).toEqual([5, 20, 0, 20]);
    expect(() => seconds('301')).toThrow('SHUTDOWN_DELAY_SECONDS must be 0 to 300');
  });

  it('keeps metrics off the port of the API, which others may reach', () => {
    expect(() => loadConfig({ PORT: '8080', METRICS_PORT: '8080' })).toThrow('METRICS_PORT must differ from PORT');
    expect(loadConfig({ PORT: '0', METRICS_PORT: '0' }).metricsPort).toBe(0);
    expect(loadConfig({ METRICS_PORT: '9464' }).metricsPort).toBe(9464);
    expect(loadConfig({}).metricsPort).toBeUndefined();
  });
});

describe('A variable of the environment', () => {
  const variables = SETTINGS.flatMap((type) => documentedSettings(type));
  const [example, operations, compose] = ['.env.example', 'docs/operations.md', 'docker-compose.yml'].map((file) =>
    readFileSync(file, 'utf8'),
  ) as [string, string, string];
  const plain = (text: string) =>
    text
      .replace(/ See \[[^\]]+\]\([^)]+\)\.|, see \[[^\]]+\]\([^)]+\)/g, '')
      .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
      .replace(/`/g, '');

  it('has a description', () => {
    const validated = SETTINGS.flatMap((type) =>
      getMetadataStorage().getTargetValidationMetadatas(type, '', false, false),
    );
    const described = variables.map(({ name }) => name);
    expect(new Set(validated.map(({ propertyName }) => propertyName))).toEqual(new Set(described));
  });

  it('is in .env.example with its description and its default, and nothing else is', () => {
    const words = (text: string) => text.split(/\s+/).filter(Boolean);
    const blocks = example.split(/^# ([A-Z_]+)=(.*)$/m);
    const known = new Map<string, string>();
    for (let at = 1; at < blocks.length; at += 3) {
      const [before, name, value] = [blocks[at - 1], blocks[at], blocks[at + 1]] as [string, string, string];
      const text = before.split(/\n\n/).at(-1) ?? '';
      known.set(name, `${words(text.replace(/^# ?/gm, '')).join(' ')} = ${value}`);
    }
    const ofCompose = [...known.keys()].filter((name) => name.startsWith('POSTGRES_'));
    expect([...known.keys()]).toEqual([...variables.map(({ name }) => name), ...ofCompose]);
    for (const { name, text, default: value = '' } of variables) {
      expect({ name, told: known.get(name) }).toEqual({ name, told: `${words(plain(text)).join(' ')} = ${value}` });
    }
  });

  it('is in the table of docs/operations.md with its description and its default', () => {
    const cells = (line: string) => line.split('|').map((cell) => cell.trim());
    const rows = new Map(
      operations.split('\n').flatMap((line) => {
        const [, name, value, text] = cells(line);
        const variable = /^`([A-Z_]+)`$/.exec(name ?? '')?.[1];
        return variable ? [[variable, { value, text }] as const] : [];
      }),
    );
    for (const { name, text, default: value } of variables) {
      const row = rows.get(name);
      expect({ name, text: row?.text }).toEqual({ name, text });
      if (value !== undefined)
        expect({ name, value: plain(row?.value ?? '').replace(/ /g, '') }).toEqual({ name, value });
    }
  });

  it('is passed on by Compose, or set there', () => {
    const passed = new Set([...compose.matchAll(/^ +([A-Z_]+): /gm)].map(([, name]) => name));
    // The data directory holds only what Compose keeps elsewhere.
    const left = variables.map(({ name }) => name).filter((name) => !passed.has(name));
    expect(left).toEqual(['DESKSTREAM_DATA_DIR']);
  });
});

describe('Compose', () => {
  it('waits for a stop for longer than it takes with the default delay', () => {
    const [, grace] = /stop_grace_period: (\d+)s/.exec(readFileSync('docker-compose.yml', 'utf8')) ?? [];
    expect(Number(grace)).toBeGreaterThan(STOP_SECONDS + loadConfig({}).shutdownDelayMs / 1000);
  });
});
