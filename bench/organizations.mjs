import { randomUUID } from 'node:crypto';
import { withTools } from '../dist/apps/cli/command.js';
import { openCipher } from '../dist/apps/master-key.js';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { IssueApiToken, IssueApiTokenHandler } from '../dist/libs/organizations/api-tokens.handlers.js';
import { CreateOrganization, CreateOrganizationHandler } from '../dist/libs/organizations/organizations.handlers.js';

/**
 * Creates organizations in a running Deskstream.
 * @returns an administrator of each: the context that writes as it, and its token
 */
export async function createOrganizations(dataDir, count) {
  const { appUrl } = await runningEmbeddedPostgres(dataDir);
  const administrators = [];
  await withTools({ appUrl }, await openCipher({ dataDir }, appUrl, false), async ({ store, database }) => {
    for (let number = 1; number <= count; number++) {
      const context = { organizationId: randomUUID(), actorId: randomUUID() };
      const create = new CreateOrganization({ id: context.organizationId, name: `Organization ${number}`, ...context });
      await new CreateOrganizationHandler(store).execute(create);
      const issue = new IssueApiToken({ context, choices: { name: 'Administrator', scopes: ['admin'] } });
      const { secret: token } = await new IssueApiTokenHandler(store, database).execute(issue);
      administrators.push({ context, token });
    }
  });
  return administrators;
}
