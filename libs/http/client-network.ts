import ipaddr from 'ipaddr.js';

/** An address with a port, which some proxies append. */
const WITH_PORT = /^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/;

/**
 * Returns the network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, since a household
 * usually has a whole /64. Text that is not an address is returned as it is.
 */
export function clientNetwork(ip: string): string {
  const plain = ip.replace(WITH_PORT, '$1$2');
  if (!ipaddr.isValid(plain)) return ip;
  const address = ipaddr.process(plain);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/64`).toString()}/64`;
}
