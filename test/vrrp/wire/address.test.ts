import { describe, expect, test } from 'vitest';
import {
  addressBytes,
  addressText,
  compareAddresses,
  isLinkLocal,
  isMulticast,
  isUnspecified,
  macText,
  sameAddresses,
  sameBytes,
} from '../../../src/vrrp/wire/address.ts';
import { ip, mac, toHex } from './packets.ts';

describe('an address', () => {
  test.each([
    { text: '10.99.0.1', hex: '0a630001' },
    { text: '255.255.255.254', hex: 'fffffffe' },
    { text: 'fe80::ff:fe00:1', hex: 'fe80000000000000000000fffe000001' },
    { text: '2001:db8:1:2:3:4:5:6', hex: '20010db8000100020003000400050006' },
  ])('$text is $hex', ({ text, hex }) => {
    expect(toHex(ip(text))).toBe(hex);
    expect(addressText(ip(text))).toBe(text);
  });

  test('is read from where it stands in other bytes', () => {
    expect(addressText(Uint8Array.of(0, 0, 0, 10, 0, 0, 1).subarray(3))).toBe('10.0.0.1');
  });

  test('that is none is undefined', () => {
    expect(addressBytes('10.0.0')).toBeUndefined();
  });

  test.each([
    { name: 'link-local', is: isLinkLocal, yes: ['fe80::1', 'febf::1'], no: ['fec0::1', 'fd99::1', '254.128.0.1'] },
    { name: 'multicast', is: isMulticast, yes: ['224.0.0.18', '239.1.1.1', 'ff02::12'], no: ['240.0.0.1', 'fe80::1'] },
    { name: 'unspecified', is: isUnspecified, yes: ['0.0.0.0', '::'], no: ['0.0.0.1', '::1'] },
  ])('is $name or is not', ({ is, yes, no }) => {
    expect(yes.filter((text) => !is(ip(text)))).toEqual([]);
    expect(no.filter((text) => is(ip(text)))).toEqual([]);
  });
});

describe('of two addresses', () => {
  test.each([
    { greater: '10.0.0.2', less: '10.0.0.1' },
    { greater: '200.0.0.1', less: '100.255.255.255' },
    { greater: '10.1.0.0', less: '10.0.255.255' },
    { greater: 'fe80::8000:0:0:1', less: 'fe80::7fff:0:0:1' },
  ])('$greater is greater than $less', ({ greater, less }) => {
    expect(compareAddresses(ip(greater), ip(less))).toBeGreaterThan(0);
    expect(compareAddresses(ip(less), ip(greater))).toBeLessThan(0);
    expect(compareAddresses(ip(less), ip(less))).toBe(0);
  });

  test('of different families none is the other', () => {
    expect(sameBytes(ip('0.0.0.0'), ip('::'))).toBe(false);
  });

  test.each([
    { a: ['10.0.0.1', '10.0.0.2'], b: ['10.0.0.2', '10.0.0.1'], same: true },
    { a: ['10.0.0.1', '10.0.0.2'], b: ['10.0.0.1'], same: false },
    { a: ['10.0.0.1', '10.0.0.1'], b: ['10.0.0.1', '10.0.0.2'], same: false },
  ])('lists $a and $b are the same: $same', ({ a, b, same }) => {
    expect(sameAddresses(a.map(ip), b.map(ip))).toBe(same);
  });
});

test('a MAC address is written as Linux does', () => {
  expect(macText(mac('02:00:0a:00:ff:01'))).toBe('02:00:0a:00:ff:01');
});
