import { clientNetwork } from './client-network.js';

describe('The network of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:5678', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['garbage', 'garbage'],
    ['', ''],
  ])('of %j is %j', (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });
});
