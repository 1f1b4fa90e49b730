import { type Cursor } from '#libs/database/keyset.js';
import { ListApiTokens, ListApiTokensHandler } from '#libs/organizations/api-token-queries.handlers.js';
import { type ApiTokenOutput } from '#libs/organizations/api-tokens.dto.js';
import {
  IssueApiToken,
  IssueApiTokenHandler,
  RevokeApiToken,
  RevokeApiTokenHandler,
  RotateApiToken,
  RotateApiTokenHandler,
} from '#libs/organizations/api-tokens.handlers.js';
import { TokenLookup } from '#libs/organizations/token-lookup.js';
import { type Config } from '../config.js';
import { faultOfChoice, KnownNames } from '#libs/platform/did-you-mean.js';
import { instantOf } from '#libs/platform/instant.js';
import { type Scope } from '#libs/platform/scopes.js';
import { SCOPES } from '#libs/resources/scopes.js';
import { type InstallationUrls } from '../setup.js';
import { type Tools } from '../demo-organization.js';
import { type CliCommand, parsed, print, withOrganization, WrongUse } from './command.js';

const PAGE = 200;
const DEFAULT_OVERLAP_SECONDS = '86400';
const OPTIONS = {
  organization: { type: 'string' },
  name: { type: 'string', default: 'Issued on the command line' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  overlap: { type: 'string', default: DEFAULT_OVERLAP_SECONDS },
} as const;

type Options = ReturnType<typeof parsed<typeof OPTIONS>>['values'];
type Action = (config: Config, urls: InstallationUrls, options: Options, rest: string[]) => Promise<void>;

const ACTIONS: Record<string, Action> = { issue, list, revoke, rotate };

/** `token scope…` is short for `token issue scope…`. */
export const token: CliCommand = {
  usage: [
    'token [issue] [scope…] [--name <name>] [--scopes <a,b>] [--expires <instant>]',
    '                        issue an API token, for everything or these scopes',
    'token list              list the API tokens',
    'token revoke <id>       revoke an API token',
    'token rotate <id> [--overlap <seconds>]',
    '                        give an API token another secret; the old one works for another day, or that long',
    '                        each for the demo organization, or with --organization <id>',
  ],
  run: async (config, urls, args) => {
    const { values, positionals } = parsed(args, OPTIONS);
    const [name = '', ...rest] = positionals;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    await (action ?? issue)(config, urls, values, action ? rest : positionals);
  },
};

async function issue(config: Config, urls: InstallationUrls, options: Options, rest: string[]): Promise<void> {
  const named = [...rest, ...(options.scopes?.split(',') ?? [])];
  if (!named.every(isScope)) {
    const unknown = named.find((scope) => !isScope(scope));
    throw new WrongUse(`The scope ${faultOfChoice(unknown, new KnownNames(SCOPES))}.`);
  }
  const { name, expires } = options;
  const expiresAt = expires === undefined ? undefined : instantOf(expires)?.toISOString();
  if (expires !== undefined && expiresAt === undefined) {
    throw new WrongUse('--expires must be an instant such as 2027-03-14T09:26:53Z.');
  }
  const scopes: Scope[] = named.length > 0 ? named : ['admin'];
  await withOrganization(config, urls, options.organization, async (context, { store, database }) => {
    const command = new IssueApiToken({ context, choices: { name, scopes, expiresAt } });
    print((await new IssueApiTokenHandler(store, database).execute(command)).secret);
  });
}

async function list(config: Config, urls: InstallationUrls, { organization }: Options): Promise<void> {
  await withOrganization(config, urls, organization, async ({ organizationId }, { database }) => {
    const handler = new ListApiTokensHandler(database);
    let cursor: Cursor | undefined;
    do {
      const page = await handler.execute(new ListApiTokens({ organizationId, page: { limit: PAGE, cursor } }));
      for (const shown of page.rows) print(lineOf(shown));
      cursor = page.next;
    } while (cursor);
  });
}

async function revoke(config: Config, urls: InstallationUrls, options: Options, [id = '']: string[]): Promise<void> {
  await withOrganization(config, urls, options.organization, async (context, tools) => {
    await new RevokeApiTokenHandler(tools.store, lookupOf(tools)).execute(new RevokeApiToken({ context, id }));
  });
  print('The token is revoked: requests with it are refused, within 5 seconds.');
}

async function rotate(config: Config, urls: InstallationUrls, options: Options, [id = '']: string[]): Promise<void> {
  const overlapSeconds = Number(options.overlap);
  if (!(overlapSeconds >= 0 && overlapSeconds <= 604_800)) throw new WrongUse('--overlap must be 0 to 604800.');
  await withOrganization(config, urls, options.organization, async (context, tools) => {
    const command = new RotateApiToken({ context, id, overlapSeconds });
    print((await new RotateApiTokenHandler(tools.store, lookupOf(tools)).execute(command)).secret);
  });
}

function lookupOf({ database }: Tools): TokenLookup {
  return new TokenLookup(database);
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

function lineOf({ id, state, name, scopes, expiresAt, lastUsedAt }: ApiTokenOutput): string {
  const times = [expiresAt && `expires ${expiresAt}`, lastUsedAt ? `last used ${lastUsedAt}` : 'never used'];
  return [id, state.padEnd(7), name, scopes.join(','), ...times.filter(Boolean)].join('  ');
}
