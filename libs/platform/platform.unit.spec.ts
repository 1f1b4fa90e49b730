import { randomBytes } from 'node:crypto';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { asUnavailable } from '#libs/database/unavailable.js';
import { Cipher } from './cipher.js';
import { InvalidConfig, loadConfig } from './config.js';

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
      expect(() => loadConfig(env)).toThrow('DATABASE_WORKER_URL must have another login than DATABASE_URL');
    }
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

  it('keeps metrics off the port of the API, which others may reach', () => {
    expect(() => loadConfig({ PORT: '8080', METRICS_PORT: '8080' })).toThrow('METRICS_PORT must be another than PORT');
    expect(loadConfig({ PORT: '0', METRICS_PORT: '0' }).metricsPort).toBe(0);
    expect(loadConfig({ METRICS_PORT: '9464' }).metricsPort).toBe(9464);
    expect(loadConfig({}).metricsPort).toBeUndefined();
  });
});

describe('A failed call of the database', () => {
  it.each([
    ['the connection was given up between two statements', new QueryRunnerAlreadyReleasedError()],
    ['the connection broke', new Error('Connection terminated unexpectedly')],
    ['nobody listens', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['the server is about to stop', Object.assign(new Error('x'), { code: '57P01' })],
    ['the server takes no changes', Object.assign(new Error('x'), { code: '25006' })],
  ])('is one that can be made later when %s', (_, error) => {
    expect(asUnavailable(error)).toMatchObject({
      kind: 'unavailable',
      details: { retryAfterSeconds: 5 },
      cause: error,
    });
  });

  it('is what it is when it is about the call itself', () => {
    for (const code of ['23505', '22012', undefined]) {
      const error = Object.assign(new Error('x'), { code });
      expect(asUnavailable(error)).toBe(error);
    }
  });
});

describe('A sealed value', () => {
  const cipher = new Cipher(randomBytes(32));

  it('opens with the same key and context, and differs each time', () => {
    const sealed = cipher.seal('geheim ☃', 'here');
    expect(cipher.open(sealed, 'here')).toBe('geheim ☃');
    expect(sealed).not.toContain('geheim');
    expect(cipher.seal('geheim ☃', 'here')).not.toBe(sealed);
  });

  it('does not open elsewhere, with another key, or when it was changed', () => {
    const sealed = cipher.seal('geheim', 'here');
    expect(() => cipher.open(sealed, 'there')).toThrow();
    expect(() => new Cipher(randomBytes(32)).open(sealed, 'here')).toThrow();
    const flipped = sealed.slice(0, -2) + (sealed.at(-2) === 'A' ? 'B' : 'A') + sealed.slice(-1);
    expect(() => cipher.open(flipped, 'here')).toThrow();
    expect(() => cipher.open('geheim', 'here')).toThrow();
  });
});
