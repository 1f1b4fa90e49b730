import { type Client, createClient, createConfig } from './generated/client/index.js';
import { retrying, type Retries } from './retries.js';

/** How to reach a server. */
export interface Connection extends Partial<Retries> {
  /** The origin of the server, such as `https://support.example.com`. */
  url: string;
  /** The API token. */
  token: string;
}

/** Returns a client for the operations, as their option `client`. Requests are repeated as {@link retrying} says. */
export function connect({ url, token, ...retries }: Connection): Client {
  return createClient(createConfig({ baseUrl: url, auth: token, fetch: retrying(retries) }));
}
