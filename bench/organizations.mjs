import { randomUUID } from 'node:crypto';
import { withTools } from '../dist/apps/cli/command.js';
import { openCipher } from '../dist/apps/setup.js';
import { runningEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { IssueApiToken, IssueApiTokenHandler } from '../dist/libs/organizations/api-tokens.handlers.js';
import { CreateOrganization, CreateOrganizationHandler } from '../dist/libs/organizations/organizations.handlers.js';

/** Creates organizations in a running Deskstream, and returns an administrator's token of each. */
export async function createOrganizations(dataDir, count) {
  const { appUrl } = await runningEmbeddedPostgres(dataDir);
  const tokens = [];
  await withTools({ appUrl }, await openCipher({ dataDir }, appUrl, false), async ({ store, database }) => {
    for (let number = 1; number <= count; number++) {
      const context = { organizationId: randomUUID(), actorId: randomUUID() };
      const create = new CreateOrganization({ id: context.organizationId, name: `Organization ${number}`, ...context });
      await new CreateOrganizationHandler(store).execute(create);
      const issue = new IssueApiToken({ context, choices: { name: 'Administrator', scopes: ['admin'] } });
      tokens.push((await new IssueApiTokenHandler(store, database).execute(issue)).secret);
    }
  });
  return tokens;
}
