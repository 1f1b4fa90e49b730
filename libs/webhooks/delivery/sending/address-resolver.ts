import { lookup, Resolver } from 'node:dns/promises';

/** Two tries of up to 2 seconds. Node looks only once in a second whether the time of a try is over. */
const QUERY = { timeout: 1_900, maxTimeout: 1_900, tries: 2 };
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;
const REASONS: Record<string, string> = {
  ENOTFOUND: 'does not exist',
  ENODATA: 'has no address',
  ESERVFAIL: 'cannot be looked up: its name servers fail',
  ETIMEOUT: 'cannot be looked up: its name servers do not answer in time',
};

/** A name that has no address, or none that can be found just now. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
  constructor(hostname: string, { code = 'unknown error' }: NodeJS.ErrnoException) {
    super(`The name ${hostname} ${REASONS[code] ?? `cannot be looked up: ${code}`}`);
  }
}

/** Looks up the addresses of receivers, without the threads that everything else in the process needs, too. */
export class AddressResolver {
  readonly #resolver = new Resolver(QUERY);
  readonly #systemsOwn: boolean;

  /** @param servers to ask; none: those that the system knows */
  constructor(servers: readonly string[]) {
    this.#systemsOwn = servers.length === 0;
    if (!this.#systemsOwn) this.#resolver.setServers(servers);
  }

  /**
   * All addresses of a name, IPv4 first. The one kind is enough when the other cannot be had.
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

  /** Names that no name server knows may stand in the hosts file, or in a search domain. */
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
