import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** A network: its first address and the length of its prefix. */
export type Network = [Address, number];

/** The range that is routed; ipaddr.js considers unknown ranges public. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
/** Public address where Azure answers its virtual machines. */
const AZURE_HOST = '168.63.129.16';

/** Returns whether an address is on the Internet, not in a local or special network. */
export function isPublic(ip: Address): boolean {
  if (ip.range() !== 'unicast' || ip.toString() === AZURE_HOST) return false;
  return ip.kind() === 'ipv4' || contains(GLOBAL_IPV6, ip);
}

export function contains(network: Network, ip: Address): boolean {
  return network[0].kind() === ip.kind() && ip.match(network);
}

/** Returns the endpoint of a parsed URL, in which `0x7f.1`, `2130706433` and `①②⑦.1` are `127.0.0.1`. */
export function endpointOf({ protocol, hostname, port }: URL): { host: string; port: number } {
  const standard = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? standard : Number(port) };
}

/** Returns whether the host of a URL is the address of a local or special network. Names are not looked up. */
export function leadsInside(url: URL): boolean {
  const { host } = endpointOf(url);
  return isIP(host) !== 0 && !isPublic(ipaddr.process(host));
}
