/** The URLs of a database. */
export interface DatabaseUrls {
  /** URL of the owner of everything, for migrations. */
  ownerUrl: string;
  /** URL of the application's login, which migrations create. */
  appUrl: string;
}

export interface Credentials {
  ownerPassword: string;
  appPassword: string;
}

/** The addresses of a server: always on TCP, and on a unix socket if that is reachable. */
export interface Listening {
  port: number;
  /** Absolute path of the folder that holds the socket. */
  socketFolder?: string;
}

export const OWNER = 'deskstream_owner';
const APP = 'deskstream';
export const DATABASE = 'deskstream';

/** Returns a server's URLs, by socket if possible: a TCP round trip costs Node nearly twice the CPU time. */
export function urlsFor({ port, socketFolder }: Listening, { ownerPassword, appPassword }: Credentials): DatabaseUrls {
  const host = socketFolder === undefined ? '' : `?host=${encodeURIComponent(socketFolder)}`;
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${DATABASE}${host}`;
  return { ownerUrl: url(OWNER, ownerPassword), appUrl: url(APP, appPassword) };
}

/** Returns the URL of another database of the same server. */
export function withDatabase(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}
