import { type Config } from '../config.js';

/** Prints where everything is. The token is shown only once. */
export function banner(url: string, token: string | undefined, config: Config): void {
  const database = config.databaseUrl ? new URL(config.databaseUrl).host : `embedded PostgreSQL in ${config.dataDir}`;
  const lines = [
    '',
    `  Deskstream is running on ${database}`,
    '',
    `  API         ${url}`,
    `  Swagger UI  ${url}/docs`,
    `  Console     ${url}/console`,
    `  OpenAPI     ${url}/openapi.json`,
    `  Webhooks    ${reach(config)}`,
    '  Demo data   npm run cli -- seed',
    '',
    ...tokenLines(url, token, config),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Describes the allowed targets. */
function reach({ webhooks }: Config): string {
  const networks = webhooks.allowedNetworks.join(', ');
  return networks ? `may go to public addresses, and to ${networks}` : 'may go to public addresses only';
}

function tokenLines(url: string, token: string | undefined, { bootstrapToken }: Config): string[] {
  if (!token) return ['  Your API token was shown at the first start. To get another: npm run token'];
  return [
    ...(bootstrapToken ? [] : [`  API token   ${token}   (of the organization "Demo"; shown only now)`, '']),
    '  Try it:',
    `  curl -X POST ${url}/v1/tags -H "Authorization: Bearer ${bootstrapToken ? '$DESKSTREAM_BOOTSTRAP_TOKEN' : token}" \\`,
    `       -H 'Content-Type: application/json' -d '{"name": "VIP"}'`,
  ];
}
