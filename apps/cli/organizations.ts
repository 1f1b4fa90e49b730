import { randomUUID } from 'node:crypto';
import { faultOfText } from '#libs/http/fields.js';
import { IssueApiToken, IssueApiTokenHandler } from '#libs/organizations/api-tokens.handlers.js';
import {
  CreateOrganization,
  CreateOrganizationHandler,
  SetDefaultRegion,
  SetDefaultRegionHandler,
  SetRepliesToClosed,
  SetRepliesToClosedHandler,
} from '#libs/organizations/organizations.handlers.js';
import { REPLIES_TO_CLOSED } from '#libs/organizations/organization.rules.js';
import { isRegion } from '#libs/people/contact.js';
import { openCipher } from '../master-key.js';
import {
  type CliCommand,
  parsed,
  print,
  withOrganization,
  withTools,
  withWorkerDatabase,
  WrongUse,
} from './command.js';

const LIST = 'SELECT organization_id AS id, name FROM organizations ORDER BY name, organization_id';

/** Organizations are created only here, because no API token has rights over all of them. */
export const organization: CliCommand = {
  usage: [
    'organization create <name>',
    '                        create an organization, and print its id and its first API token',
    'organization list       list the organizations',
  ],
  run: async (config, urls, [action, ...words]) => {
    if (action === 'list') {
      const rows = await withWorkerDatabase(urls, (database) =>
        database.query<{ id: string; name: string }>(null, { text: LIST }),
      );
      for (const { id, name } of rows) print(`${id}  ${name}`);
      return;
    }
    const name = words.join(' ').trim().normalize('NFC');
    if (action !== 'create') throw new WrongUse(organization.usage.join('\n'));
    const fault = faultOfText(name, {});
    if (fault) throw new WrongUse(`The name ${fault}.`);
    await withTools(urls, await openCipher(config, urls.appUrl, false), async ({ store, database }) => {
      const [organizationId, actorId] = [randomUUID(), randomUUID()];
      await new CreateOrganizationHandler(store).execute(new CreateOrganization({ id: organizationId, name, actorId }));
      const issue = new IssueApiToken({
        context: { organizationId, actorId },
        choices: { name: 'Administrator', scopes: ['admin'] },
      });
      const { secret } = await new IssueApiTokenHandler(store, database).execute(issue);
      print(`Organization  ${organizationId}\nAPI token     ${secret}   (shown only now)`);
    });
  },
};

export const region: CliCommand = {
  usage: [
    'region <country> [--organization <id>]',
    "                        where the demo organization's phone numbers are from, as an ISO code such as DK",
  ],
  run: async (config, urls, args) => {
    const { values, positionals } = parsed(args, { organization: { type: 'string' } });
    const [country = ''] = positionals;
    if (!isRegion(country)) throw new WrongUse('Name a country by its ISO code in capitals, such as DK.');
    await withOrganization(config, urls, values.organization, async ({ organizationId, actorId }, { store }) => {
      await new SetDefaultRegionHandler(store).execute(
        new SetDefaultRegion({ organizationId, region: country, actorId }),
      );
    });
    print(`Phone numbers without a country code are read as numbers of ${country}, within 5 seconds.`);
  },
};

export const repliesToClosed: CliCommand = {
  usage: [
    'replies-to-closed <Reopen|FollowUp> [--organization <id>]',
    "                        whether an end user's message opens a closed conversation or begins a follow-up",
  ],
  run: async (config, urls, args) => {
    const { values, positionals } = parsed(args, { organization: { type: 'string' } });
    const replies = REPLIES_TO_CLOSED.find((one) => one === positionals[0]);
    if (!replies) throw new WrongUse(`Name one of: ${REPLIES_TO_CLOSED.join(', ')}.`);
    await withOrganization(config, urls, values.organization, async ({ organizationId, actorId }, { store }) => {
      await new SetRepliesToClosedHandler(store).execute(new SetRepliesToClosed({ organizationId, replies, actorId }));
    });
    print(
      replies === 'Reopen'
        ? 'Messages open closed conversations, within 5 seconds.'
        : 'Messages in closed conversations begin new ones, within 5 seconds.',
    );
  },
};
