import { describe, expect, test } from 'vitest';
import { addressText } from '../../../src/vrrp/wire/address.ts';
import { type Advertisement, DECODE_REASONS, type DecodeReason } from '../../../src/vrrp/wire/advertisement.ts';
import { CHECK_REASONS } from '../../../src/vrrp/wire/check.ts';
import { decodeIPv4, decodeIPv6 } from '../../../src/vrrp/wire/decode.ts';
import { type Outgoing, passwordBytes } from '../../../src/vrrp/wire/encode.ts';
import { HMAC_REASONS } from '../../../src/vrrp/wire/hmac-verifier.ts';
import { randomOf } from '../../sibling/icp/random.ts';
import {
  ADVERTISED,
  ADVERTISED_6,
  arrived,
  encoded,
  fromHex,
  GROUP,
  GROUP_6,
  ip,
  ipv4Datagram,
  NODE_6,
  PEER,
  PEER_6,
  patched,
  received,
} from './packets.ts';

const V2: Outgoing = { ...ADVERTISED, version: 2, interval: 1000 };

describe('what keepalived 2.2.7 sent is read', () => {
  test('version 3', () => {
    expect(decodeIPv4(ipv4Datagram(fromHex('3133fe01000adb060a630064')))).toEqual({
      kind: 'advertisement',
      version: 3,
      family: 4,
      vrid: 51,
      priority: 254,
      interval: 100,
      authType: 0,
      authData: undefined,
      addresses: [ip('10.99.0.100')],
      source: ip('10.99.0.1'),
      destination: GROUP,
      hopLimit: 255,
      checksum: 'pseudo',
      excess: 0,
      signed: undefined,
    } satisfies Advertisement);
  });

  test('version 2 with a password', () => {
    expect(decodeIPv4(ipv4Datagram(fromHex('2133fe01010167840a6300647365637265743132')))).toMatchObject({
      version: 2,
      interval: 1000,
      authType: 1,
      authData: passwordBytes('secret12'),
      checksum: 'v2',
      excess: 0,
    });
  });

  test('version 3 over IPv6', () => {
    const message = fromHex('3133fe02000ad575 fe800000000000000000000000000100 fd990000000000000000000000000100');
    const read = decodeIPv6(message, { source: NODE_6, destination: GROUP_6, hopLimit: 255 }) as Advertisement;
    expect(read).toMatchObject({ version: 3, family: 6, vrid: 51, interval: 100, checksum: 'pseudo', excess: 0 });
    expect(read.addresses.map(addressText)).toEqual(['fe80::100', 'fd99::100']);
  });
});

describe('the form of a checksum', () => {
  const unicast: Outgoing = { ...ADVERTISED, destination: PEER };

  test.each<{ name: string; outgoing: Outgoing; form: string }>([
    { name: 'with a pseudo-header', outgoing: ADVERTISED, form: 'pseudo' },
    { name: 'of RFC 9568', outgoing: { ...ADVERTISED, checksum: 'rfc9568' }, form: 'rfc9568' },
    { name: 'with a pseudo-header to a peer', outgoing: unicast, form: 'pseudo' },
    { name: 'of RFC 9568 to a peer', outgoing: { ...unicast, checksum: 'rfc9568' }, form: 'rfc9568' },
    { name: 'as before keepalived 1.3.6', outgoing: { ...unicast, checksum: 'unicast-old' }, form: 'unicast-old' },
    { name: 'of version 2', outgoing: V2, form: 'v2' },
    { name: 'of IPv6', outgoing: ADVERTISED_6, form: 'pseudo' },
    { name: 'of IPv6 to a peer', outgoing: { ...ADVERTISED_6, destination: PEER_6 }, form: 'pseudo' },
  ])('$name is told', ({ outgoing, form }) => {
    expect(received(outgoing).checksum).toBe(form);
  });

  test('of IPv6 is not that of the message alone', () => {
    const message = patched(encoded(ADVERTISED_6), 6, 0, 0);
    let sum = 0;
    for (let i = 0; i < message.length; i += 2) sum += message.readUInt16BE(i);
    message.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 6);
    expect(arrived(ADVERTISED_6, message)).toMatchObject({ kind: 'drop', reason: 'checksum' });
  });
});

describe('what is left to others to judge is taken', () => {
  test.each([
    { name: 'reserved bits', message: patched(encoded(ADVERTISED), 4, 0xf0, 0x0a, 0xeb, 0x05) },
    { name: 'priority 0', message: encoded({ ...ADVERTISED, priority: 0 }) },
    { name: 'the most addresses', message: encoded({ ...ADVERTISED, addresses: Array(255).fill(ip('10.0.0.1')) }) },
  ])('$name', ({ message }) => {
    expect(decodeIPv4(ipv4Datagram(message))).toMatchObject({ kind: 'advertisement', interval: 100 });
  });

  test('unicast that came through routers', () => {
    expect(received({ ...ADVERTISED, destination: PEER }, undefined, 63).hopLimit).toBe(63);
  });

  test('options of IP', () => {
    expect(decodeIPv4(ipv4Datagram(encoded(ADVERTISED), { options: 12 }))).toMatchObject({ kind: 'advertisement' });
  });

  test('what is behind the datagram is no part of it', () => {
    expect(decodeIPv4(ipv4Datagram(encoded(ADVERTISED), { behind: 14 }))).toMatchObject({ excess: 0 });
  });

  test.each([1, 27, 28, 29])('%d bytes behind the message', (excess) => {
    const message = Buffer.concat([encoded(ADVERTISED), Buffer.alloc(excess, 7)]);
    const read = decodeIPv4(ipv4Datagram(message)) as Advertisement;
    expect(read.excess).toBe(excess);
    expect(read.signed).toEqual(excess === 28 ? new Uint8Array(message) : undefined);
  });
});

describe('IPv4 that is no advertisement is dropped', () => {
  const datagram = ipv4Datagram(encoded(ADVERTISED));
  const v2 = encoded(V2);
  const of = (message: Uint8Array) => ipv4Datagram(message);

  test.each<{ name: string; bytes: Buffer; reason: DecodeReason }>([
    { name: 'nothing', bytes: Buffer.alloc(0), reason: 'ip-header' },
    { name: 'half a header', bytes: datagram.subarray(0, 19), reason: 'ip-header' },
    { name: 'version 6 of IP', bytes: patched(datagram, 0, 0x65), reason: 'ip-header' },
    { name: 'a header of 16 bytes', bytes: patched(datagram, 0, 0x44), reason: 'ip-header' },
    { name: 'a header longer than all', bytes: patched(datagram, 0, 0x4f), reason: 'ip-header' },
    { name: 'a length of more than came', bytes: datagram.subarray(0, -1), reason: 'ip-header' },
    { name: 'a fragment', bytes: patched(datagram, 6, 0x20), reason: 'ip-header' },
    { name: 'OSPF', bytes: patched(datagram, 9, 89), reason: 'protocol' },
    { name: 'a TTL of 254', bytes: patched(datagram, 8, 254), reason: 'ttl' },
    { name: 'a header alone', bytes: of(Buffer.alloc(0)), reason: 'length' },
    { name: '7 bytes', bytes: of(encoded(ADVERTISED).subarray(0, 7)), reason: 'length' },
    { name: 'version 1', bytes: patched(datagram, 20, 0x11), reason: 'version' },
    { name: 'version 4', bytes: patched(datagram, 20, 0x41), reason: 'version' },
    { name: 'type 0', bytes: patched(datagram, 20, 0x30), reason: 'type' },
    { name: 'type 2', bytes: patched(datagram, 20, 0x32), reason: 'type' },
    { name: 'VRID 0', bytes: patched(datagram, 21, 0), reason: 'vrid-zero' },
    { name: 'no address', bytes: patched(datagram, 23, 0), reason: 'count' },
    { name: 'two addresses where one is', bytes: patched(datagram, 23, 2), reason: 'length' },
    { name: 'half an address', bytes: of(encoded(ADVERTISED).subarray(0, 10)), reason: 'length' },
    { name: 'version 2 without its password', bytes: of(v2.subarray(0, 12)), reason: 'length' },
    { name: 'another priority', bytes: patched(datagram, 22, 253), reason: 'checksum' },
    { name: 'another source', bytes: patched(datagram, 15, 2), reason: 'checksum' },
    { name: 'another password', bytes: of(patched(v2, 19, 1)), reason: 'checksum' },
    { name: 'no interval', bytes: of(patched(encoded(ADVERTISED), 4, 0, 0, 0xdb, 0x10)), reason: 'interval-zero' },
    { name: 'no interval in version 2', bytes: of(patched(v2, 4, 0, 0, 0xd6, 0x03)), reason: 'interval-zero' },
  ])('$name: $reason', ({ bytes, reason }) => {
    expect(decodeIPv4(bytes)).toMatchObject({ kind: 'drop', reason });
  });

  test('whose it was is told', () => {
    expect(decodeIPv4(patched(datagram, 22, 253))).toEqual({
      kind: 'drop',
      reason: 'checksum',
      version: 3,
      vrid: 51,
      source: ip('10.99.0.1'),
    });
    expect(decodeIPv4(patched(datagram, 9, 89))).toMatchObject({ vrid: undefined, source: ip('10.99.0.1') });
  });
});

describe('IPv6 that is no advertisement is dropped', () => {
  const message = encoded(ADVERTISED_6);
  const globalFirst = encoded({ ...ADVERTISED_6, addresses: [ip('fd99::100'), ip('fe80::100')] });

  test.each<{ name: string; bytes: Buffer; hopLimit?: number; destination?: Uint8Array; reason: DecodeReason }>([
    { name: 'nothing', bytes: Buffer.alloc(0), reason: 'length' },
    { name: 'a hop limit of 64', bytes: message, hopLimit: 64, reason: 'ttl' },
    { name: 'version 2', bytes: patched(message, 0, 0x21), reason: 'version' },
    { name: 'an address too few', bytes: message.subarray(0, -16), reason: 'length' },
    { name: 'another destination', bytes: message, destination: PEER_6, reason: 'checksum' },
    { name: 'a global address first', bytes: globalFirst, reason: 'link-local-first' },
    { name: 'an IPv4 address beside it', bytes: message, destination: GROUP, reason: 'ip-header' },
  ])('$name: $reason', ({ bytes, hopLimit = 255, destination = GROUP_6, reason }) => {
    expect(decodeIPv6(bytes, { source: NODE_6, destination, hopLimit })).toMatchObject({ kind: 'drop', reason });
  });
});

test('reasons can be counted together: no two have one name', () => {
  const all = [...DECODE_REASONS, ...CHECK_REASONS, ...HMAC_REASONS];
  expect(new Set(all).size).toBe(all.length);
});

describe('memory that is used again', () => {
  test('does not change what was read from it', () => {
    const datagram = ipv4Datagram(Buffer.concat([encoded(ADVERTISED), Buffer.alloc(28, 7)]));
    const read = decodeIPv4(datagram);
    const before = structuredClone(read);
    datagram.fill(0);
    expect(read).toEqual(before);
  });
});

describe('any bytes', () => {
  test('are an advertisement or a drop, and never an error (100,000 packets)', () => {
    const random = randomOf(7);
    const seen = new Set<string>();
    for (let i = 0; i < 50_000; i++) {
      const bytes = spoiled(random, ipv4Datagram(encoded(random.of([ADVERTISED, V2]))));
      seen.add(kindOf(decodeIPv4(bytes)));
      const hopLimit = random.of([255, 255, 64]);
      seen.add(kindOf(decodeIPv6(spoiled(random, encoded(ADVERTISED_6)), { ...ADVERTISED_6, hopLimit })));
    }
    expect(seen).toContain('advertisement');
    // The last two need a right checksum.
    for (const reason of DECODE_REASONS.slice(0, -2)) expect(seen).toContain(reason);
  });

  test('that are an advertisement come back as they were written (20,000 advertisements)', () => {
    const random = randomOf(8);
    for (let i = 0; i < 20_000; i++) {
      const outgoing = randomAdvertisement(random);
      const { version, vrid, priority, interval, addresses, source, destination } = outgoing;
      expect(received(outgoing)).toMatchObject({ version, vrid, priority, interval, addresses, source, destination });
    }
  });
});

type Random = ReturnType<typeof randomOf>;

function kindOf(result: ReturnType<typeof decodeIPv4>): string {
  return result.kind === 'drop' ? result.reason : result.kind;
}

/** As it is, with up to three bytes changed, cut off, or something else entirely. */
function spoiled(random: Random, packet: Buffer): Buffer {
  const kind = random(8);
  if (kind === 0) return packet;
  if (kind === 1) return Buffer.from(Array.from({ length: random(64) }, () => random(256)));
  if (kind === 2) return packet.subarray(0, random(packet.length + 1));
  for (let i = 0; i <= random(3); i++) packet[random(packet.length)] = random(256);
  return packet;
}

function randomAdvertisement(random: Random): Outgoing {
  const isIPv6 = random(2) === 0;
  const address = () => Uint8Array.from({ length: isIPv6 ? 16 : 4 }, () => random(256));
  const version = isIPv6 ? 3 : random.of([2, 3] as const);
  const addresses = Array.from({ length: 1 + random(20) }, address);
  if (isIPv6) addresses[0]?.set([0xfe, 0x80]);
  const destination = address();
  // The oldest form was never sent to a group.
  if (!isIPv6) destination[0] = 10;
  return {
    version,
    vrid: 1 + random(255),
    priority: random(256),
    interval: version === 3 ? (1 + random(4095)) * 10 : (1 + random(255)) * 1000,
    addresses,
    source: address(),
    destination,
    checksum: random.of(['pseudo', 'rfc9568', 'unicast-old'] as const),
    password: version === 2 && random(2) === 0 ? Uint8Array.from({ length: 8 }, () => random(256)) : undefined,
  };
}
