import { reasonOf } from './reason.js';

/** Where Redis is, and how to log in, as `REDIS_URL` says. */
export interface RedisAddress {
  /** One node, several nodes of a cluster, or the sentinels. */
  hosts: { host: string; port: number }[];
  /** The name by which the sentinels know the master; absent without sentinels. */
  master?: string;
  tls: boolean;
  username?: string;
  password?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  db: number;
  /** The prefix of all keys. */
  prefix: string;
}

const FORM = /^redis(s?)(\+sentinel)?:\/\/([^@/?#]*@)?([^@/?#]+)(\/[^@?#]*)?(\?[^#]*)?$/;
const [REDIS_PORT, SENTINEL_PORT] = [6379, 26379];
const PARAMETERS = ['prefix', 'sentinelUsername', 'sentinelPassword'];

const FORMS =
  'redis://host:6379, redis://host:6379,host:6379 for a cluster, or redis+sentinel://host:26379,host:26379/master-name; with rediss for TLS';

/** @throws an error whose message says what to write instead; it quotes no password */
export function parseRedisUrl(text: string): RedisAddress {
  const [, s, sentinel, login = '', hosts = '', path = '', query = ''] = FORM.exec(text) ?? [];
  const url = parsed(`redis://${login}host${query}`);
  const [first = '', ...more] = path.split('/').slice(1);
  const [master, database = ''] = sentinel ? [first, more.shift()] : [undefined, first];
  mustBe(
    hosts !== '' && more.length === 0,
    `look like ${FORMS}. Write characters such as @ and / in a password as %40 and %2F`,
  );
  mustBe(master !== '', 'end with the name of the master: redis+sentinel://host:26379/master-name');
  mustBe(/^\d*$/.test(database), 'have a number after the last slash, the database: redis://host:6379/0');
  const addresses = hosts.split(',').map((host) => addressOf(host, sentinel ? SENTINEL_PORT : REDIS_PORT));
  const isCluster = !sentinel && addresses.length > 1;
  mustBe(!isCluster || Number(database) === 0, 'name no database after several hosts: a cluster has only one');
  for (const name of url.searchParams.keys()) {
    mustBe(PARAMETERS.includes(name), `have no parameters other than ${PARAMETERS.join(', ')}`);
  }
  const prefix = url.searchParams.get('prefix') ?? 'deskstream';
  mustBe(/^[\w.-]+$/.test(prefix), 'have a prefix of letters, digits, dots, hyphens and underscores');
  return {
    hosts: addresses,
    master,
    tls: s === 's',
    username: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    sentinelUsername: url.searchParams.get('sentinelUsername') ?? undefined,
    sentinelPassword: url.searchParams.get('sentinelPassword') ?? undefined,
    db: Number(database),
    prefix,
  };
}

/** Returns what is wrong with a URL, and what to write instead; or undefined. */
export function faultOfRedisUrl(text: string): string | undefined {
  try {
    parseRedisUrl(text);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function addressOf(text: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = parsed(`redis://${text}`);
  mustBe(hostname !== '', `look like ${FORMS}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('REDIS_URL must have the character % in a password as %25');
  }
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  mustBe(url !== null, `look like ${FORMS}`);
  return url;
}

function mustBe(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`REDIS_URL must ${what}`);
}
