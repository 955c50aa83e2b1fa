import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  AddressSet,
  formatAddress,
  formatHostPort,
  isNetwork,
  normalizeAddress,
  parseAddress,
  parseListenAddress,
} from '../../src/base/address.ts';

describe('an address', () => {
  test.each([
    { text: '0.0.0.0', address: 0 },
    { text: '10.0.0.1', address: 0x0a000001 },
    { text: '255.255.255.255', address: 0xffffffff },
    { text: '::ffff:1.2.3.4', address: 0x01020304 },
    { text: '::FFFF:102:304', address: 0x01020304 },
    { text: '0:0:0:0:0:ffff:1.2.3.4', address: 0x01020304 },
    { text: '::', address: [0, 0, 0, 0] },
    { text: '::1', address: [0, 0, 0, 1] },
    { text: '1::', address: [0x10000, 0, 0, 0] },
    { text: '2001:db8::ff00:42:8329', address: [0x20010db8, 0, 0xff00, 0x428329] },
    { text: '1:2:3:4:5:6:7:8', address: [0x10002, 0x30004, 0x50006, 0x70008] },
    { text: '1:2:3:4:5:6:7::', address: [0x10002, 0x30004, 0x50006, 0x70000] },
    { text: '::2:3:4:5:6:7:8', address: [0x2, 0x30004, 0x50006, 0x70008] },
    { text: '64:ff9b::192.0.2.33', address: [0x64ff9b, 0, 0, 0xc0000221] },
    { text: '1:2:3:4:5:6:192.0.2.33', address: [0x10002, 0x30004, 0x50006, 0xc0000221] },
    { text: 'fe80::1%eth0', address: [0xfe800000, 0, 0, 1] },
    { text: '::ffff:1.2.3.4%eth0', address: 0x01020304 },
  ])('$text is read', ({ text, address }) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each([
    '',
    ' ',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.-4',
    '01.2.3.4',
    '0x1.2.3.4',
    '16909060',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4\0',
    '1.2.3.4:80',
    '1.2.3.4%eth0',
    '１.2.3.4',
    '١.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    '1::2:3:4:5:6:1.2.3.4',
    '::12345',
    '::g',
    '::1.2.3',
    '::ffff:01.2.3.4',
    '1.2.3.4::',
    '[::1]',
    '::1%',
    '::1%a/b',
    'localhost',
    'unknown',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(normalizeAddress(text)).toBeUndefined();
    expect(new AddressSet(['0.0.0.0/0', '::/0']).has(text)).toBe(false);
  });

  test.each(['1', ':', '::', '1.', '::1%', '\0'])('is nothing that repeats %j without end', (piece) => {
    expect(parseAddress(piece.repeat(100_000))).toBeUndefined();
  });

  test.each([
    { text: '10.0.0.1', canonical: '10.0.0.1' },
    { text: '::FFFF:10.0.0.1', canonical: '10.0.0.1' },
    { text: '::ffff:0:0', canonical: '0.0.0.0' },
    { text: '::ffff:255.255.255.255', canonical: '255.255.255.255' },
    { text: '0:0:0:0:0:0:0:0', canonical: '::' },
    { text: '0:0:0:0:0:0:0:1', canonical: '::1' },
    { text: '2001:0DB8:0:0:0:0:0:1', canonical: '2001:db8::1' },
    { text: '2001:db8:0:1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
    { text: '2001:db8::1:1:1:1:1', canonical: '2001:db8:0:1:1:1:1:1' },
    { text: '2001:0:0:1:0:0:0:1', canonical: '2001:0:0:1::1' },
    { text: '2001:db8:0:0:1:0:0:1', canonical: '2001:db8::1:0:0:1' },
    { text: '1:0:0:0:0:0:0:0', canonical: '1::' },
    { text: 'FE80::0001%eth0', canonical: 'fe80::1' },
    { text: '::1.2.3.4', canonical: '::102:304' },
    { text: '64:ff9b::192.0.2.33', canonical: '64:ff9b::c000:221' },
  ])('$text is written $canonical (RFC 5952 §4)', ({ text, canonical }) => {
    expect(normalizeAddress(text)).toBe(canonical);
  });

  test('is written as the URL standard writes it, whatever its zeros', () => {
    const random = randomNumbers(1);
    for (let i = 0; i < 5_000; i++) {
      const groups = Array.from({ length: 8 }, () => (random() < 0.5 ? 0 : Math.floor(random() * 0x10000)));
      const text = groups.map((group) => group.toString(16)).join(':');
      const address = parseAddress(text);
      if (typeof address === 'number') continue;
      const expected = new URL(`http://[${text}]`).hostname.slice(1, -1);
      expect(normalizeAddress(text)).toBe(expected);
      expect(parseAddress(expected)).toEqual(address);
    }
  });

  test('IPv4 survives reading and writing', () => {
    const random = randomNumbers(2);
    for (let i = 0; i < 1_000; i++) {
      const value = Math.floor(random() * 2 ** 32);
      expect(parseAddress(formatAddress(value))).toBe(value);
      expect(parseAddress(`::ffff:${formatAddress(value)}`)).toBe(value);
    }
  });
});

describe('a set of networks', () => {
  test.each([
    { networks: ['10.0.0.0/8'], inside: ['10.0.0.0', '10.255.255.255'], outside: ['9.255.255.255', '11.0.0.0', '::1'] },
    { networks: ['10.1.2.3/8'], inside: ['10.0.0.0', '10.255.255.255'], outside: ['11.1.2.3'] },
    { networks: ['192.0.2.1'], inside: ['192.0.2.1', '::ffff:192.0.2.1'], outside: ['192.0.2.0', '192.0.2.2'] },
    { networks: ['192.0.2.1/32'], inside: ['192.0.2.1'], outside: ['192.0.2.0', '192.0.2.2'] },
    { networks: ['128.0.0.0/1'], inside: ['128.0.0.0', '255.255.255.255'], outside: ['127.255.255.255', '0.0.0.0'] },
    { networks: ['0.0.0.0/0'], inside: ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], outside: ['::', '::1'] },
    { networks: ['::/0'], inside: ['::', 'ffff::', '::1'], outside: ['10.0.0.1', '::ffff:10.0.0.1'] },
    { networks: ['::1'], inside: ['::1', '0:0::1', '::1%lo'], outside: ['::', '::2', '127.0.0.1', '0.0.0.1'] },
    { networks: ['2001:db8::/32'], inside: ['2001:db8::', '2001:DB8:ffff::1'], outside: ['2001:db7::', '2001:db9::'] },
    { networks: ['2001:db8::/127'], inside: ['2001:db8::', '2001:db8::1'], outside: ['2001:db8::2'] },
    { networks: ['2001:db8:0:8000::/49'], inside: ['2001:db8:0:ffff::'], outside: ['2001:db8::', '2001:db8:1::'] },
    { networks: ['fe80::1%eth0/64'], inside: ['fe80::2', 'fe80::2%eth1'], outside: ['fe81::'] },
    { networks: ['::ffff:10.0.0.0/104'], inside: ['10.9.9.9', '::ffff:10.9.9.9'], outside: ['11.0.0.0'] },
    { networks: ['::ffff:10.0.0.1'], inside: ['10.0.0.1'], outside: ['10.0.0.2'] },
    { networks: ['10.9.0.0/16', '10.0.0.0/8'], inside: ['10.0.0.0', '10.9.0.1', '10.99.0.0'], outside: ['11.0.0.0'] },
    { networks: ['10.0.0.0/8', '10.0.0.0/24', '10.0.0.0/8'], inside: ['10.0.0.9', '10.9.0.0'], outside: ['9.0.0.0'] },
    { networks: ['192.0.2.9', '192.0.2.7', '192.0.2.8'], inside: ['192.0.2.8'], outside: ['192.0.2.6', '192.0.2.10'] },
    { networks: [], inside: [], outside: ['0.0.0.0', '::', ''] },
  ])('$networks', ({ networks, inside, outside }) => {
    const set = new AddressSet(networks);
    expect(inside.filter((address) => !set.has(address))).toEqual([]);
    expect(outside.filter((address) => set.has(address))).toEqual([]);
    expect(set.isEmpty).toBe(networks.length === 0);
  });

  test.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0.0/255.0.0.0',
    '10.0.0/8',
    '::/129',
    '::/1e1',
    '/8',
    'all',
    '::ffff:10.0.0.0/8',
  ])('refuses %j', (text) => {
    expect(isNetwork(text)).toBe(false);
    expect(() => new AddressSet(['10.0.0.0/8', text])).toThrow(TypeError);
  });

  test('agrees with net.BlockList on random networks and the addresses at their edges', () => {
    const random = randomNumbers(3);
    const list = new BlockList();
    const networks: string[] = [];
    const probes: string[] = [];
    for (let i = 0; i < 200; i++) {
      const value = Math.floor(random() * 2 ** 32);
      const ipv4 = formatAddress(value);
      const bits = 4 + Math.floor(random() * 29);
      networks.push(`${ipv4}/${bits}`);
      list.addSubnet(ipv4, bits, 'ipv4');
      const first = bits === 32 ? value : ((value >>> (32 - bits)) << (32 - bits)) >>> 0;
      const last = first + 2 ** (32 - bits) - 1;
      for (const edge of [first - 1, first, last, last + 1]) {
        if (edge >= 0 && edge < 2 ** 32) probes.push(formatAddress(edge));
      }
    }
    for (let i = 0; i < 100; i++) {
      const word = () => Math.floor(random() * 2 ** 32);
      const ipv6 = formatAddress([0x20010db8, word(), word(), word()]);
      const bits = 30 + Math.floor(random() * 99);
      networks.push(`${ipv6}/${bits}`);
      list.addSubnet(ipv6, bits, 'ipv6');
      probes.push(ipv6, formatAddress([0x20010db8, word(), word(), word()]));
    }
    const set = new AddressSet(networks);
    for (const probe of probes) {
      expect(`${probe} ${set.has(probe)}`).toBe(`${probe} ${list.check(probe, probe.includes(':') ? 'ipv6' : 'ipv4')}`);
    }
  });
});

describe('an address to listen on', () => {
  test.each([
    { text: '0.0.0.0:80', expected: { host: '0.0.0.0', port: 80 } },
    { text: '[::]:80', expected: { host: '::', port: 80 } },
    { text: '[fe80::1%eth0]:65535', expected: { host: 'fe80::1%eth0', port: 65535 } },
    { text: '127.0.0.1:0', expected: { host: '127.0.0.1', port: 0 } },
  ])('$text is read', ({ text, expected }) => {
    expect(parseListenAddress(text)).toEqual(expected);
    expect(formatHostPort(expected.host, expected.port)).toBe(text);
  });

  test.each([
    '80',
    ':80',
    '0.0.0.0',
    '0.0.0.0:',
    '0.0.0.0:65536',
    '0.0.0.0:080',
    '0.0.0.0:+80',
    '0.0.0.0:80 ',
    '1:80',
    '::80',
    '[::]',
    '[::]80',
    '[]:80',
    '[1.2.3.4]:80',
    '[:::]:80',
    'localhost:80',
    '*:80',
  ])('%j is none', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });

  test('a name needs no brackets', () => {
    expect(formatHostPort('origin.internal', 8080)).toBe('origin.internal:8080');
  });
});

/** mulberry32: the same numbers in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
