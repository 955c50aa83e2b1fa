import { describe, expect, test } from 'vitest';
import { formatAddress, type IPv6Words, parseAddress } from '../../../src/base/address.ts';
import { firstBeyond, formatNet, isWithin, type Net, parseNet } from '../../../src/geodns/geo/net.ts';
import { SPECIAL_NETS } from '../../../src/geodns/geo/special.ts';

describe('a net', () => {
  test.each([
    { text: '192.0.2.0/24', net: '192.0.2.0/24' },
    { text: '192.0.2.77/24', net: '192.0.2.0/24' },
    { text: '192.0.2.77', net: '192.0.2.77/32' },
    { text: '255.255.255.255/0', net: '0.0.0.0/0' },
    { text: '2001:DB8::1/32', net: '2001:db8::/32' },
    { text: '2001:db8::1', net: '2001:db8::1/128' },
    { text: '2001:db8:ffff::/33', net: '2001:db8:8000::/33' },
    { text: '::/0', net: '::/0' },
    { text: '2000::/3', net: '2000::/3' },
    { text: '2001::/16', net: '2001::/16' },
  ])('$text is $net', ({ text, net }) => {
    expect(formatNet(parseNet(text) as Net)).toBe(net);
  });

  test.each([
    '',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    'host',
    '10/8',
  ])('is not %j', (text) => {
    expect(parseNet(text)).toBeUndefined();
  });

  test.each(['::ffff:10.0.0.0/104', '::10.0.0.0/104', '2002:a00::/24', '2001::/32', '64:ff9b::10.0.0.0/104', '::/64'])(
    'is not %j, whose addresses are looked up as IPv4',
    (text) => {
      expect(parseNet(text)).toBeUndefined();
    },
  );

  test.each([
    { net: '10.0.0.0/8', beyond: '11.0.0.0' },
    { net: '10.0.0.255/32', beyond: '10.0.1.0' },
    { net: '127.255.255.255/32', beyond: '128.0.0.0' },
    { net: '128.0.0.0/1', beyond: undefined },
    { net: '255.255.255.255/32', beyond: undefined },
    { net: '0.0.0.0/0', beyond: undefined },
    { net: '2001:db8::/32', beyond: '2001:db9::' },
    { net: '2001:db8:ffff:ffff::/64', beyond: '2001:db9::' },
    { net: '2001:db8::ffff:ffff:ffff:ffff/128', beyond: '2001:db8:0:1::' },
    { net: '7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', beyond: '8000::' },
    { net: 'ff00::/8', beyond: undefined },
    { net: '::/0', beyond: undefined },
  ])('$net ends before $beyond', ({ net, beyond }) => {
    const parsed = parseNet(net) as Net;
    const found = firstBeyond(parsed);
    expect(found && formatAddress(parsed.family === 4 ? found[3] : found)).toBe(beyond);
  });

  test.each([
    { address: '10.255.0.1', what: 'private' },
    { address: '172.31.0.1', what: 'private' },
    { address: '172.32.0.1', what: undefined },
    { address: '100.127.255.255', what: 'carrier-grade NAT' },
    { address: '203.0.113.9', what: 'documentation' },
    { address: '8.8.8.8', what: undefined },
    { address: 'fd00::1', what: 'unique local' },
    { address: 'fe80::1', what: 'link-local' },
    { address: '2001:db8::1', what: 'documentation' },
    { address: '2a00:1450::1', what: undefined },
  ])('$address is special as $what', ({ address, what }) => {
    const parsed = parseAddress(address) as number | IPv6Words;
    const [family, words]: [4 | 6, IPv6Words] = typeof parsed === 'number' ? [4, [0, 0, 0, parsed]] : [6, parsed];
    expect(SPECIAL_NETS.find(({ net }) => isWithin(net, family, words))?.what).toBe(what);
  });
});
