import { describe, expect, test } from 'vitest';
import { encode, encodedLength, type Outgoing, passwordBytes } from '../../../src/vrrp/wire/encode.ts';
import { ADVERTISED, ADVERTISED_6, encoded, GROUP, ip, NODE_6, PEER, PEER_6, toHex } from './packets.ts';

const V2: Outgoing = { ...ADVERTISED, version: 2, interval: 1000 };

describe('an advertisement is byte for byte what keepalived 2.2.7 sends', () => {
  test.each<{ name: string; outgoing: Outgoing; hex: string }>([
    { name: 'version 2', outgoing: V2, hex: '2133fe010001d6020a6300640000000000000000' },
    {
      name: 'version 2 with a password',
      outgoing: { ...V2, password: passwordBytes('secret12') },
      hex: '2133fe01010167840a6300647365637265743132',
    },
    { name: 'version 3 to the group', outgoing: ADVERTISED, hex: '3133fe01000adb060a630064' },
    {
      name: 'version 3 to a peer',
      outgoing: { ...ADVERTISED, destination: PEER },
      hex: '3133fe01000ab0b30a630064',
    },
    {
      name: 'version 3 over IPv6, two addresses',
      outgoing: ADVERTISED_6,
      hex: '3133fe02000ad575fe800000000000000000000000000100fd990000000000000000000000000100',
    },
  ])('$name', ({ outgoing, hex }) => {
    expect(toHex(encoded(outgoing))).toBe(hex);
  });
});

describe('a checksum', () => {
  test.each<{ name: string; outgoing: Outgoing; checksum: string }>([
    { name: 'of RFC 9568 is of the message alone', outgoing: { ...ADVERTISED, checksum: 'rfc9568' }, checksum: 'c5f9' },
    {
      name: 'of RFC 9568 is the same to a peer',
      outgoing: { ...ADVERTISED, destination: PEER, checksum: 'rfc9568' },
      checksum: 'c5f9',
    },
    {
      name: 'as before keepalived 1.3.6 has the group where the peer is',
      outgoing: { ...ADVERTISED, destination: PEER, checksum: 'unicast-old' },
      checksum: 'db06',
    },
    {
      name: 'of IPv6 has its pseudo-header, whatever is set for IPv4',
      outgoing: { ...ADVERTISED_6, checksum: 'rfc9568' },
      checksum: 'd575',
    },
    { name: 'of version 2 has none, whatever is set for version 3', outgoing: V2, checksum: 'd602' },
  ])('$name', ({ outgoing, checksum }) => {
    expect(toHex(encoded(outgoing)).slice(12, 16)).toBe(checksum);
  });
});

describe('an interval', () => {
  test.each([
    { version: 3, interval: 10, field: '0001' },
    { version: 3, interval: 1000, field: '0064' },
    { version: 3, interval: 40_950, field: '0fff' },
    { version: 2, interval: 1000, field: '0001' },
    { version: 2, interval: 255_000, field: '00ff' },
  ] as const)('of $interval ms is $field in version $version', ({ version, interval, field }) => {
    expect(toHex(encoded({ ...ADVERTISED, version, interval })).slice(8, 12)).toBe(field);
  });
});

test('only its own bytes of a buffer are written', () => {
  const buffer = Buffer.alloc(64, 0xee);
  const length = encode(ADVERTISED, buffer);
  expect(length).toBe(encodedLength(ADVERTISED));
  expect(toHex(buffer.subarray(length))).toBe('ee'.repeat(64 - length));
});

test('a password is UTF-8 of 8 bytes at most, and filled with NULs', () => {
  expect(toHex(passwordBytes('äb'))).toBe('c3a4620000000000');
  expect(() => passwordBytes('123456789')).toThrow(RangeError);
});

describe('what no advertisement can say is refused', () => {
  test.each<{ name: string; outgoing: Outgoing; says: RegExp }>([
    { name: 'VRID 0', outgoing: { ...ADVERTISED, vrid: 0 }, says: /VRID/ },
    { name: 'VRID 256', outgoing: { ...ADVERTISED, vrid: 256 }, says: /VRID/ },
    { name: 'a priority of 256', outgoing: { ...ADVERTISED, priority: 256 }, says: /priority/ },
    { name: 'a negative priority', outgoing: { ...ADVERTISED, priority: -1 }, says: /priority/ },
    { name: 'no interval', outgoing: { ...ADVERTISED, interval: 0 }, says: /interval/ },
    { name: '15 ms', outgoing: { ...ADVERTISED, interval: 15 }, says: /interval/ },
    { name: 'more than 40.95 s', outgoing: { ...ADVERTISED, interval: 40_960 }, says: /interval/ },
    { name: 'half seconds in version 2', outgoing: { ...V2, interval: 1500 }, says: /interval/ },
    { name: 'more than 255 s in version 2', outgoing: { ...V2, interval: 256_000 }, says: /interval/ },
    { name: 'no address', outgoing: { ...ADVERTISED, addresses: [] }, says: /number of addresses/ },
    {
      name: '256 addresses',
      outgoing: { ...ADVERTISED, addresses: Array(256).fill(ip('10.99.0.100')) },
      says: /number of addresses/,
    },
    {
      name: 'an address of the other family',
      outgoing: { ...ADVERTISED, addresses: [ip('fe80::100')] },
      says: /addresses/,
    },
    { name: 'ends of two families', outgoing: { ...ADVERTISED_6, destination: GROUP }, says: /destination/ },
    {
      name: 'version 2 over IPv6',
      outgoing: { ...V2, addresses: [ip('fe80::100')], source: NODE_6, destination: PEER_6 },
      says: /source/,
    },
    { name: 'a password of 7 bytes', outgoing: { ...V2, password: new Uint8Array(7) }, says: /password/ },
  ])('$name', ({ outgoing, says }) => {
    expect(() => encode(outgoing, Buffer.alloc(8192))).toThrow(says);
  });

  test('more than there is room for', () => {
    expect(() => encode(ADVERTISED, Buffer.alloc(11))).toThrow(/room/);
  });
});
