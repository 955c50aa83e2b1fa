import { describe, expect, test } from 'vitest';
import { type CheckReason, check, type Expectations } from '../../../src/vrrp/wire/check.ts';
import { type Outgoing, passwordBytes } from '../../../src/vrrp/wire/encode.ts';
import { ADVERTISED, ADVERTISED_6, ip, NODE, NODE_6, PEER, received } from './packets.ts';

const EXPECTED: Expectations = {
  version: 3,
  vrid: 51,
  own: [PEER],
  peers: [],
  hopLimits: { least: 0, most: 255 },
  interval: 1000,
  password: undefined,
  addresses: undefined,
};

const UNICAST: Outgoing = { ...ADVERTISED, destination: PEER };
const V2: Outgoing = { ...ADVERTISED, version: 2, interval: 1000 };
const SECRET = passwordBytes('secret12');
const VIPS = [ip('10.99.0.100'), ip('10.99.0.101')];

interface Case {
  readonly name: string;
  readonly outgoing?: Outgoing;
  readonly hopLimit?: number;
  readonly expected?: Partial<Expectations>;
}

describe('believed is', () => {
  test.each<Case>([
    { name: 'what a group was sent, at whatever interval' },
    { name: 'IPv6', outgoing: ADVERTISED_6, expected: { own: [ip('fe80::2')] } },
    { name: 'unicast of a peer', outgoing: UNICAST, expected: { peers: [ip('10.99.0.7'), NODE] } },
    {
      name: 'unicast from as far as is set',
      outgoing: UNICAST,
      hopLimit: 253,
      expected: { peers: [NODE], hopLimits: { least: 253, most: 254 } },
    },
    { name: 'version 2 at our interval', outgoing: V2, expected: { version: 2 } },
    {
      name: 'version 2 with our password',
      outgoing: { ...V2, password: SECRET },
      expected: { version: 2, password: SECRET },
    },
    { name: 'another list of addresses, if nothing is set', outgoing: { ...ADVERTISED, addresses: VIPS } },
    {
      name: 'our addresses in another order',
      outgoing: { ...ADVERTISED, addresses: VIPS.toReversed() },
      expected: { addresses: VIPS },
    },
    {
      name: 'the owner with other addresses',
      outgoing: { ...ADVERTISED, priority: 255 },
      expected: { addresses: VIPS },
    },
  ])('$name', ({ outgoing = ADVERTISED, hopLimit, expected }) => {
    expect(check(received(outgoing, undefined, hopLimit), { ...EXPECTED, ...expected })).toBeUndefined();
  });
});

describe('dropped is', () => {
  test.each<Case & { reason: CheckReason }>([
    { name: 'our own', expected: { own: [PEER, NODE] }, reason: 'own-source' },
    { name: 'our own over IPv6', outgoing: ADVERTISED_6, expected: { own: [NODE_6] }, reason: 'own-source' },
    { name: 'another VRID', expected: { vrid: 52 }, reason: 'vrid-unknown' },
    { name: 'version 3 where we speak 2', expected: { version: 2 }, reason: 'version-differs' },
    { name: 'version 2 where we speak 3', outgoing: V2, reason: 'version-differs' },
    { name: 'unicast where we speak multicast', outgoing: UNICAST, reason: 'destination' },
    { name: 'multicast where we speak unicast', expected: { peers: [NODE] }, reason: 'destination' },
    { name: 'a stranger', outgoing: UNICAST, expected: { peers: [ip('10.99.0.7')] }, reason: 'peer-unknown' },
    {
      name: 'a peer from too far',
      outgoing: UNICAST,
      hopLimit: 252,
      expected: { peers: [NODE], hopLimits: { least: 253, most: 255 } },
      reason: 'hop-limit',
    },
    {
      name: 'a peer from too near',
      outgoing: UNICAST,
      expected: { peers: [NODE], hopLimits: { least: 253, most: 254 } },
      reason: 'hop-limit',
    },
    {
      name: 'a password that nobody set',
      outgoing: { ...V2, password: SECRET },
      expected: { version: 2 },
      reason: 'auth-type',
    },
    { name: 'no password', outgoing: V2, expected: { version: 2, password: SECRET }, reason: 'auth-type' },
    {
      name: 'another password',
      outgoing: { ...V2, password: passwordBytes('secret1') },
      expected: { version: 2, password: SECRET },
      reason: 'auth-data',
    },
    {
      name: 'another interval in version 2',
      outgoing: V2,
      expected: { version: 2, interval: 2000 },
      reason: 'interval-differs',
    },
    { name: 'another list of addresses, if it is set', expected: { addresses: VIPS }, reason: 'addresses-differ' },
  ])('$name: $reason', ({ outgoing = ADVERTISED, hopLimit, expected, reason }) => {
    expect(check(received(outgoing, undefined, hopLimit), { ...EXPECTED, ...expected })).toBe(reason);
  });
});
