import ipaddr from 'ipaddr.js';

/** Some proxies tell the port, too. */
const WITH_PORT = /^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/;

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address, of which each household has all. What a
 * proxy tells that is no address counts as it is.
 */
export function clientNetwork(ip: string): string {
  const plain = ip.replace(WITH_PORT, '$1$2');
  if (!ipaddr.isValid(plain)) return ip;
  const address = ipaddr.process(plain);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/64`).toString()}/64`;
}
