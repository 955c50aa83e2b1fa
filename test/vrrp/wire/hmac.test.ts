import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Outgoing } from '../../../src/vrrp/wire/encode.ts';
import type { HmacKey } from '../../../src/vrrp/wire/hmac.ts';
import type { AntiReplay } from '../../../src/vrrp/wire/hmac-sequence.ts';
import { sequenceAt } from '../../../src/vrrp/wire/hmac-sequence.ts';
import { type HmacReason, type HmacSettings, HmacVerifier } from '../../../src/vrrp/wire/hmac-verifier.ts';
import { ADVERTISED, ADVERTISED_6, encoded, fromHex, ip, patched, received, toHex } from './packets.ts';

/** Computed by hand from the layout; not run against keepalived 2.4, which alone has it. */

const KEY: HmacKey = { id: 7, secret: Uint8Array.from({ length: 32 }, (_, i) => i * 3) };
const OTHER: HmacKey = { id: 8, secret: Uint8Array.from({ length: 64 }, (_, i) => 255 - i) };
const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
const TIME: AntiReplay = { by: 'time', window: 5000 };

describe('a signed advertisement is byte for byte', () => {
  const sequence = 0x6956_6340_4000_0001n;
  const trailer = '01 07 0000 69566340 4000 0001';

  test.each<{ name: string; outgoing: Outgoing; pseudo: string; message: string; checksum: string }>([
    {
      name: 'version 3 over IPv4: the checksum covers the message alone',
      outgoing: ADVERTISED,
      pseudo: '04 03 33 00 0a630001 000000000000000000000000',
      message: '3133fe01 000a 0000 0a630064',
      checksum: 'db06', // as without a trailer
    },
    {
      name: 'version 2, whose password is a part of the message',
      outgoing: { ...ADVERTISED, version: 2, interval: 1000 },
      pseudo: '04 02 33 00 0a630001 000000000000000000000000',
      message: '2133fe01 0001 0000 0a630064 0000000000000000',
      checksum: 'd602',
    },
  ])('$name', ({ outgoing, pseudo, message, checksum }) => {
    const input = Buffer.concat([fromHex(pseudo), fromHex(message), fromHex(trailer), Buffer.alloc(16)]);
    const hmac = createHmac('sha256', KEY.secret).update(input).digest().subarray(0, 16);
    const whole = Buffer.concat([fromHex(message), fromHex(trailer), hmac]);
    whole.set(fromHex(checksum), 6);
    expect(toHex(encoded({ ...outgoing, signature: { key: KEY, sequence } }))).toBe(toHex(whole));
  });

  test('version 3 over IPv6: the checksum covers the trailer too, as Linux computes it', () => {
    const pseudo = '06 03 33 00 fe80000000000000000000fffe000001';
    const message = '3133fe02 000a 0000 fe800000000000000000000000000100 fd990000000000000000000000000100';
    // The definition of HMAC (RFC 2104 §2), so that not all of it is from one library call.
    const pad = (byte: number) => Buffer.from(Array.from({ length: 64 }, (_, i) => (KEY.secret[i] ?? 0) ^ byte));
    const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
    const inner = sha256(pad(0x36), fromHex(pseudo), fromHex(message), fromHex(trailer), Buffer.alloc(16));
    const hmac = sha256(pad(0x5c), inner).subarray(0, 16);
    const whole = Buffer.concat([fromHex(message), fromHex(trailer), hmac]);
    const length = '00000044'; // 68
    const covered = Buffer.concat([
      fromHex(`fe80000000000000000000fffe000001 ff020000000000000000000000000012 ${length} 00000070`),
      whole,
    ]);
    let sum = 0;
    for (let i = 0; i < covered.length; i += 2) sum += covered.readUInt16BE(i);
    whole.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 6);
    expect(toHex(encoded({ ...ADVERTISED_6, signature: { key: KEY, sequence } }))).toBe(toHex(whole));
  });
});

describe('a signature is believed', () => {
  test.each<{ name: string; outgoing: Outgoing }>([
    { name: 'over IPv4', outgoing: ADVERTISED },
    { name: 'in version 2', outgoing: { ...ADVERTISED, version: 2, interval: 1000 } },
    { name: 'over IPv6', outgoing: ADVERTISED_6 },
  ])('$name', ({ outgoing }) => {
    expect(refused(signed(outgoing))).toBeUndefined();
  });

  test('of any key that is known', () => {
    expect(refused({ ...ADVERTISED, signature: { key: OTHER, sequence: sequenceAt(NOW) } })).toBeUndefined();
  });

  test('whatever the checksum: Linux fills it in after signing', () => {
    const rfc9568 = received(signed({ ...ADVERTISED, checksum: 'rfc9568' }));
    expect(verifier().refuses(rfc9568, NOW)).toBeUndefined();
  });
});

describe('a signature is refused', () => {
  const packet = encoded(signed(ADVERTISED));

  test.each<{ name: string; message: Buffer; reason: HmacReason }>([
    { name: 'none', message: packet.subarray(0, 12), reason: 'hmac-missing' },
    { name: 'half a trailer', message: packet.subarray(0, 26), reason: 'hmac-malformed' },
    { name: 'more than a trailer', message: Buffer.concat([packet, Buffer.alloc(1)]), reason: 'hmac-malformed' },
    { name: 'another type', message: patched(packet, 12, 2), reason: 'hmac-malformed' },
    { name: 'reserved bits', message: patched(packet, 15, 1), reason: 'hmac-malformed' },
    { name: 'a key that is not known', message: patched(packet, 13, 9), reason: 'hmac-key' },
    { name: 'another key than it says', message: patched(packet, 13, 8), reason: 'hmac' },
    { name: 'another second', message: patched(packet, 19, 0xff & ((packet[19] as number) + 1)), reason: 'hmac' },
    { name: 'another count', message: patched(packet, 23, 9), reason: 'hmac' },
    { name: 'an HMAC with another byte', message: patched(packet, 39, 0xff ^ (packet[39] as number)), reason: 'hmac' },
  ])('$name: $reason', ({ message, reason }) => {
    expect(verifier().refuses(received(ADVERTISED, message), NOW)).toBe(reason);
  });

  test.each<{ name: string; sent: Outgoing; seen: Outgoing }>([
    { name: 'of another priority', sent: signed(ADVERTISED), seen: { ...ADVERTISED, priority: 255 } },
    { name: 'of another interval', sent: signed(ADVERTISED), seen: { ...ADVERTISED, interval: 110 } },
    { name: 'of another address', sent: signed(ADVERTISED), seen: { ...ADVERTISED, addresses: [ip('10.99.0.101')] } },
    { name: 'of another virtual router', sent: signed(ADVERTISED), seen: { ...ADVERTISED, vrid: 52 } },
    { name: 'from another source', sent: signed(ADVERTISED), seen: { ...ADVERTISED, source: ip('10.99.0.2') } },
  ])('with the trailer $name', ({ sent, seen }) => {
    const message = Buffer.concat([encoded(seen), encoded(sent).subarray(-28)]);
    expect(verifier().refuses(received(seen, message), NOW)).toBe('hmac');
  });
});

describe('by mode', () => {
  test.each<{ mode: HmacSettings['mode']; unsigned: HmacReason | undefined }>([
    { mode: 'enforce', unsigned: 'hmac-missing' },
    { mode: 'permissive', unsigned: undefined },
    { mode: 'receive-only', unsigned: undefined },
  ])('$mode: what is not signed, $unsigned; what is signed wrongly is dropped', ({ mode, unsigned }) => {
    expect(verifier({ mode }).refuses(received(ADVERTISED), NOW)).toBe(unsigned);
    const wrong = patched(encoded(signed(ADVERTISED)), 38, 0, 0);
    expect(verifier({ mode }).refuses(received(ADVERTISED, wrong), NOW)).toBe('hmac');
  });
});

describe('what was heard before', () => {
  test('is refused, by time', () => {
    const one = received(signed(ADVERTISED));
    const receiver = verifier();
    expect(receiver.refuses(one, NOW)).toBeUndefined();
    expect(receiver.refuses(one, NOW + 1000)).toBe('hmac-replay');
    expect(receiver.refuses(one, NOW + 6000)).toBe('hmac-stale');
  });

  test('is refused for ever, by sequence', () => {
    const one = received(signed(ADVERTISED));
    const receiver = verifier({ antiReplay: { by: 'monotonic' } });
    expect(receiver.refuses(one, NOW)).toBeUndefined();
    expect(receiver.refuses(one, NOW + 3_600_000)).toBe('hmac-replay');
  });

  test('is not remembered of what was forged', () => {
    const receiver = verifier();
    const forged = encoded({ ...ADVERTISED, signature: { key: KEY, sequence: sequenceAt(NOW + 4000) } });
    expect(receiver.refuses(received(ADVERTISED, patched(forged, 38, 0, 0)), NOW)).toBe('hmac');
    expect(receiver.refuses(received(signed(ADVERTISED)), NOW)).toBeUndefined();
  });
});

test.each([31, 65])('a key of %d bytes is refused', (length) => {
  expect(() => verifier({ keys: [{ id: 1, secret: new Uint8Array(length) }] })).toThrow(RangeError);
});

test.each([-1, 256, 1.5])('a key of id %d is refused', (id) => {
  expect(() => verifier({ keys: [{ ...KEY, id }] })).toThrow(RangeError);
});

function signed(outgoing: Outgoing): Outgoing {
  return { ...outgoing, signature: { key: KEY, sequence: sequenceAt(NOW) } };
}

function verifier(settings: Partial<HmacSettings> = {}): HmacVerifier {
  return new HmacVerifier({ mode: 'enforce', keys: [KEY, OTHER], antiReplay: TIME, ...settings });
}

function refused(outgoing: Outgoing): HmacReason | undefined {
  return verifier().refuses(received(outgoing), NOW);
}
