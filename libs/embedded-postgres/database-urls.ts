/** How to reach a database. */
export interface DatabaseUrls {
  /** As the owner of everything, for migrations. */
  ownerUrl: string;
  /** As the login that the application uses. Migrations create it. */
  appUrl: string;
}

export interface Credentials {
  ownerPassword: string;
  appPassword: string;
}

/** Where a server listens: on TCP always, and on a unix socket where that can be reached. */
export interface Listening {
  port: number;
  /** Absolute path of the folder that holds the socket. */
  socketFolder?: string;
}

export const OWNER = 'deskstream_owner';
const APP = 'deskstream';
export const DATABASE = 'deskstream';

/** By the socket where there is one: a round trip over TCP costs Node nearly twice the CPU time. */
export function urlsFor({ port, socketFolder }: Listening, { ownerPassword, appPassword }: Credentials): DatabaseUrls {
  const host = socketFolder === undefined ? '' : `?host=${encodeURIComponent(socketFolder)}`;
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${DATABASE}${host}`;
  return { ownerUrl: url(OWNER, ownerPassword), appUrl: url(APP, appPassword) };
}

/** The URL of another database of the same server, reached the same way. */
export function withDatabase(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}
