import { isIP, type LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { type Address, contains, endpointOf, isPublic, type Network } from '#libs/platform/public-address.js';
import { WebhookOptions } from '../../webhooks.settings.js';
import { AddressResolver } from './address-resolver.js';

const CHECK_MS = 2_000;

/** Reports that nothing was sent to a target. */
export class BlockedAddress extends Error {
  override readonly name = 'BlockedAddress';
  constructor(fault: string) {
    super(`Not sent: the URL ${fault}`);
  }
}

/**
 * Prevents SSRF: deliveries go to public addresses at the allowed ports, and anywhere in the networks that the operator
 * allows. The same rules apply when a URL is saved, when it is tested, and on every connection.
 */
@Injectable()
export class SsrfGuard {
  readonly #resolver: AddressResolver;
  readonly #networks: Network[];

  constructor(private readonly options: WebhookOptions) {
    this.#resolver = new AddressResolver(options.dnsServers);
    this.#networks = options.allowedNetworks.map((network) => ipaddr.parseCIDR(network));
  }

  /** Returns why deliveries cannot go to a URL, or undefined; looks only at the URL. */
  faultOf(url: string): string | undefined {
    const fault = faultOfUrl(url);
    if (fault) return fault;
    const { host, port } = endpointOf(new URL(url));
    if (isIP(host)) return this.faultOfAddress(host, port);
    // A name may resolve to an allowed network, where any port is allowed.
    return this.#networks.length > 0 ? undefined : this.#faultOfPort(port);
  }

  /**
   * Returns the same for a URL that is about to be saved, and resolves its name within 2 seconds: it is refused when
   * any of its addresses is. A name that cannot be resolved now passes.
   */
  async check(url: string): Promise<string | undefined> {
    const fault = this.faultOf(url) ?? faultOfWriting(url);
    if (fault) return fault;
    const { host, port } = endpointOf(new URL(url));
    if (isIP(host)) return undefined;
    const resolved = this.#resolver.addressesOf(host).catch(() => []);
    return this.#faultOfAny(await Promise.race([resolved, pause(CHECK_MS, [], { ref: false })]), port, host);
  }

  /**
   * Returns why nothing may be sent to an address, or undefined.
   * @param name the name that resolved to the address, which is then not shown: it may be a secret of the network
   */
  faultOfAddress(address: string, port: number, name?: string): string | undefined {
    const ip = ipaddr.process(address);
    if (this.#networks.some((network) => contains(network, ip))) return undefined;
    if (isPublic(ip)) return this.#faultOfPort(port);
    const points = name === undefined ? `points to ${ip.toString()}` : `points to ${name}`;
    return `${points}, which ${name === undefined ? 'is' : 'has'} a ${kindOf(ip)} address; ${HOW_TO_ALLOW}`;
  }

  /** Returns a look-up for connections to a port: it finds all addresses of a name, or fails if one is refused. */
  lookup(port: number): LookupFunction {
    const answer = async (hostname: string) => {
      const addresses = await this.#resolver.addressesOf(hostname);
      const fault = this.#faultOfAny(addresses, port, hostname);
      if (fault) throw new BlockedAddress(fault);
      return addresses.map((address) => ({ address, family: isIP(address) }));
    };
    return (hostname, _options, callback) => {
      answer(hostname).then(
        (addresses) => {
          callback(null, addresses);
        },
        (error: unknown) => {
          callback(error as Error, []);
        },
      );
    };
  }

  #faultOfAny(addresses: string[], port: number, name: string): string | undefined {
    return addresses.map((address) => this.faultOfAddress(address, port, name)).find((fault) => fault);
  }

  #faultOfPort(port: number): string | undefined {
    const { allowedPorts } = this.options;
    return allowedPorts.includes(port) ? undefined : `must have one of the allowed ports (${allowedPorts.join(', ')})`;
  }
}

/** Returns why a text can never be the URL of a receiver, or undefined. */
function faultOfUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return WEB_SCHEME.test(text) ? 'is not a valid URL' : BEGINS_WITH;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return BEGINS_WITH;
  if (url.username || url.password) return 'must not contain credentials; use authorization';
  return undefined;
}

const WEB_SCHEME = /^\s*https?:/i;
const BEGINS_WITH = 'must begin with http:// or https://';

/** Characters that the URL parser silently drops or changes, inside a URL and at its ends. */
const DROPPED = /[\s\p{C}\\]/u;
const SCHEME_AND_HOST = /^https?:\/\/[^/?#]/i;
const AT_IN_AUTHORITY = /^[^/]*\/\/[^/?#]*@/;

/** Returns why an accepted URL violates RFC 3986, so that other parsers may read it differently; or undefined. */
function faultOfWriting(url: string): string | undefined {
  if (DROPPED.test(url))
    return 'must not contain white space, control characters or backslashes; write them as %20, %09, %5C';
  if (!SCHEME_AND_HOST.test(url)) return 'must have two slashes and a host after http: or https:';
  if (AT_IN_AUTHORITY.test(url)) return 'must not contain credentials; use authorization';
  return undefined;
}

const HOW_TO_ALLOW = 'the operator can allow it with WEBHOOK_ALLOWED_NETWORKS';

/** Returns the kind of an address that is not public. */
function kindOf(ip: Address): string {
  const range = ip.range();
  if (range === 'private' || range === 'uniqueLocal' || range === 'carrierGradeNat') return 'private';
  if (range === 'loopback') return 'loopback';
  return range === 'linkLocal' ? 'link-local' : 'non-public';
}
