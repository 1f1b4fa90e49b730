import { randomBytes, randomUUID } from 'node:crypto';
import { type Type } from '@nestjs/common';
import { ApiModule } from '#apps/api/api.module.js';
import { createServer } from '#apps/api/server.js';
import { openRuntime, type Runtime } from '#apps/runtime.js';
import { openCipher } from '#apps/master-key.js';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { IssueApiToken, IssueApiTokenHandler } from '#libs/organizations/api-tokens.handlers.js';
import { CreateOrganization, CreateOrganizationHandler } from '#libs/organizations/organizations.handlers.js';
import { type Scope } from '#libs/platform/scopes.js';
import { loadConfig } from '#apps/config.js';
import { createLogger } from '#libs/platform/logging.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { ApiClient } from './api-client.js';
import { startPgBouncer } from './pgbouncer.js';
import { UNLIMITED } from './unlimited.js';

/** An application that serves requests on its own database. */
export interface TestApp {
  url: string;
  database: TestDatabase;
  runtime: Runtime;
  /** Creates an organization, and returns a client with its token. Tests that each create one share nothing. */
  createTestOrganization(): Promise<ApiClient>;
  /** Returns another client of the same organization, whose token has these scopes. */
  clientWith(scopes: Scope[], of: ApiClient): Promise<ApiClient>;
  /** Returns a provider of the application. */
  get<T>(provider: Type<T>): T;
  close(): Promise<void>;
}

/**
 * Starts an application, behind a PgBouncer of its own with `TEST_PGBOUNCER`.
 * @param worker whether webhooks are delivered, too
 * @param env further variables
 * @param beside another application, whose database and key are shared; close this one before that one
 * @param database an existing database for this application
 */
export async function startTestApp({
  worker = false,
  env = {},
  beside,
  database: own,
}: { worker?: boolean; env?: NodeJS.ProcessEnv; beside?: TestApp; database?: TestDatabase } = {}): Promise<TestApp> {
  const database = beside?.database ?? own ?? (await createTestDatabase());
  const pooler = process.env.TEST_PGBOUNCER ? await startPgBouncer([database.appUrl]) : undefined;
  const config = loadConfig({
    ...(pooler && { ...pooler.variablesFor(database.appUrl), WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128' }),
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
    DESKSTREAM_MASTER_KEY: beside?.runtime.config.masterKey ?? randomBytes(32).toString('hex'),
    REDIS_URL: process.env.TEST_REDIS_URL,
    ...UNLIMITED,
    ...env,
  });
  const cipher = await openCipher(config, database.ownerUrl, true);
  const runtime = await openRuntime(
    config,
    createLogger(config.logLevel, worker ? 'standalone' : 'api'),
    cipher,
    database.appUrl,
    { worker },
  );
  const app = await createServer(runtime, worker ? [ApiModule, WorkerModule] : [ApiModule]);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const clientOf = async (organizationId: string, actorId: string, scopes: Scope[]) => {
    const issue = new IssueApiToken({ context: { organizationId, actorId }, choices: { name: 'test', scopes } });
    const { secret } = await new IssueApiTokenHandler(runtime.store, runtime.database).execute(issue);
    return new ApiClient(url, secret, organizationId, actorId);
  };
  return {
    url,
    database,
    runtime,
    createTestOrganization: async () => {
      const [organizationId, actorId] = [randomUUID(), randomUUID()];
      await new CreateOrganizationHandler(runtime.store).execute(
        new CreateOrganization({ id: organizationId, name: 'Test', actorId }),
      );
      return clientOf(organizationId, actorId, ['admin']);
    },
    clientWith: (scopes, { organizationId, actorId }) => clientOf(organizationId, actorId, scopes),
    get: (provider) => app.get(provider, { strict: false }),
    close: async () => {
      await app.close();
      await runtime.close();
      await pooler?.end();
      if (!beside) await database.drop();
    },
  };
}
