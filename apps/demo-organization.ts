import { type Database } from '#libs/database/database.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { IssueApiToken, IssueApiTokenHandler } from '#libs/organizations/api-tokens.handlers.js';
import { CreateOrganization, CreateOrganizationHandler } from '#libs/organizations/organizations.handlers.js';
import { notSetUp } from './master-key.js';
import { withClient } from './startup-connection.js';

/** The tools for an installation whose database is open. */
export interface Tools {
  database: Database;
  store: EventStore;
}

/** Returns the administrator of the installation's demo organization. */
export async function demoAdministrator(url: string): Promise<{ organizationId: string; actorId: string }> {
  return withClient(url, 'deskstream_app', async (client) => {
    const { rows } = await client.query<{ organizationId: string; actorId: string }>(
      'SELECT demo_organization_id AS "organizationId", demo_administrator_id AS "actorId" FROM installation',
    );
    if (!rows[0]) throw notSetUp();
    return rows[0];
  });
}

/**
 * Creates the demo organization and its first token, each unless it exists, so that the next start completes an
 * interrupted one. Returns the token only when it was issued just now.
 */
export async function bootstrap(url: string, tools: Tools, chosenToken?: string): Promise<string | undefined> {
  const { database, store } = tools;
  const { organizationId, actorId } = await demoAdministrator(url);
  const [made] = await database.query<{ organization: boolean; token: boolean }>(organizationId, {
    text: `SELECT EXISTS (SELECT FROM organizations WHERE organization_id = $1) AS organization,
             EXISTS (SELECT FROM api_tokens WHERE organization_id = $1) AS token`,
    values: [organizationId],
  });
  if (!made?.organization) {
    await new CreateOrganizationHandler(store).execute(
      new CreateOrganization({ id: organizationId, name: 'Demo', actorId }),
    );
  }
  if (made?.token) return undefined;
  const choices = { name: 'Demo administrator', scopes: ['admin' as const] };
  const issue = new IssueApiToken({
    context: { organizationId, actorId },
    choices,
    granted: ['admin'],
    secret: chosenToken,
  });
  return (await new IssueApiTokenHandler(store, database).execute(issue)).secret;
}
