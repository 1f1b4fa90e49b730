import { lookup, Resolver } from 'node:dns/promises';

/** Two tries of up to 2 seconds. Node checks the time of a try only once a second. */
const QUERY = { timeout: 1_900, maxTimeout: 1_900, tries: 2 };
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;
const REASONS: Record<string, string> = {
  ENOTFOUND: 'does not exist',
  ENODATA: 'has no address',
  ESERVFAIL: 'cannot be looked up: its name servers fail',
  ETIMEOUT: 'cannot be looked up: its name servers do not answer in time',
};

/** Reports a name that has no address, or whose address cannot be found now. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
  constructor(hostname: string, { code = 'unknown error' }: NodeJS.ErrnoException) {
    super(`The name ${hostname} ${REASONS[code] ?? `cannot be looked up: ${code}`}`);
  }
}

/** Looks up the addresses of receivers, without the threads that the rest of the process needs. */
export class AddressResolver {
  readonly #resolver = new Resolver(QUERY);
  readonly #systemsOwn: boolean;

  /** @param servers to ask; if empty, the system's own */
  constructor(servers: readonly string[]) {
    this.#systemsOwn = servers.length === 0;
    if (!this.#systemsOwn) this.#resolver.setServers(servers);
  }

  /**
   * Returns all addresses of a name, IPv4 first. One kind is enough if the other is unavailable.
   * @throws {Unresolved}
   */
  async addressesOf(hostname: string): Promise<string[]> {
    if (LOCALHOST.test(hostname)) return ['127.0.0.1', '::1'];
    const answers = await Promise.allSettled([this.#resolver.resolve4(hostname), this.#resolver.resolve6(hostname)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const [first] = answers;
    if (addresses.length > 0 || first.status === 'fulfilled') return addresses;
    return this.#otherwise(hostname, first.reason as NodeJS.ErrnoException);
  }

  /** Searches unknown names in the hosts file and in search domains. */
  async #otherwise(hostname: string, error: NodeJS.ErrnoException): Promise<string[]> {
    const unresolved = new Unresolved(hostname, error);
    if (!this.#systemsOwn || error.code !== 'ENOTFOUND') throw unresolved;
    try {
      return (await lookup(hostname, { all: true, order: 'ipv4first' })).map(({ address }) => address);
    } catch {
      throw unresolved;
    }
  }
}
