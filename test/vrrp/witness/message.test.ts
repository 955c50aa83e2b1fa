import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decode, encode, type Message, UNREADABLE } from '../../../src/vrrp/witness/message.ts';
import { KEY, REPLY, REQUEST } from './messages.ts';
import { randomFrom } from './simulation.ts';

describe('a message', () => {
  test.each<{ name: string; message: Message }>([
    { name: 'that asks', message: REQUEST },
    { name: 'that gives back', message: { ...REQUEST, kind: 'release', span: 0 } },
    { name: 'that says hello', message: { ...REQUEST, kind: 'hello', subject: { pair: '', family: 6, vrid: 1 } } },
    { name: 'that denies', message: REPLY },
    { name: 'of a witness', message: { ...REPLY, kind: 'granted', standing: undefined, holder: undefined } },
    { name: 'with the longest names', message: { ...REQUEST, name: 'n'.repeat(63), subject: longestSubject() } },
  ])('$name is read as it was written', ({ message }) => {
    expect(decode(encode(message, KEY), KEY)).toEqual(message);
  });

  test('has its fields where the diagram has them', () => {
    expect(encode(REQUEST, KEY).subarray(0, -32).toString('hex')).toBe(
      [
        '5057010104330003',
        '0000000000000007',
        '0000000000000001',
        '0000000000000000',
        '0000000000000000',
        '002dc6c0fe000000',
        'fedcba9876543210',
        '05040500',
        ...['front', 'us-1', '0.1.0'].map((text) => Buffer.from(text).toString('hex')),
      ].join(''),
    );
  });

  test('cannot be made with a name that is too long', () => {
    expect(() => encode({ ...REQUEST, name: 'ü'.repeat(32) }, KEY)).toThrow(RangeError);
  });
});

describe('bytes that are no message', () => {
  const packet = encode(REQUEST, KEY);

  test.each<{ name: string; bytes: Buffer; reason: string }>([
    { name: 'nothing', bytes: Buffer.alloc(0), reason: 'size' },
    { name: 'a part', bytes: packet.subarray(0, 91), reason: 'size' },
    { name: 'too many', bytes: Buffer.concat([packet, Buffer.alloc(400)]), reason: 'size' },
    { name: 'something else', bytes: Buffer.alloc(120, 1), reason: 'magic' },
    { name: 'another version', bytes: changed(2, 2), reason: 'version' },
    { name: 'another key', bytes: encode(REQUEST, Buffer.from('a key of somebody else')), reason: 'key' },
    { name: 'one byte more', bytes: Buffer.concat([packet, Buffer.alloc(1)]), reason: 'key' },
    { name: 'an unknown kind', bytes: signed(3, 77), reason: 'malformed' },
    { name: 'an unknown family', bytes: signed(4, 5), reason: 'malformed' },
    { name: 'no VRID', bytes: signed(5, 0), reason: 'malformed' },
    { name: 'an unknown cause', bytes: signed(6, 200), reason: 'malformed' },
    { name: 'an unknown grade', bytes: signed(7, 4), reason: 'malformed' },
    { name: 'a text that is longer than it', bytes: signed(56, 63), reason: 'malformed' },
    { name: 'a text that is shorter than it', bytes: signed(56, 4), reason: 'malformed' },
  ])('$name: $reason', ({ bytes, reason }) => {
    expect(decode(bytes, KEY)).toBe(reason);
  });

  test('are told by any bit that was changed', () => {
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const bytes = changed(bit >> 3, (packet[bit >> 3] as number) ^ (1 << (bit & 7)));
      expect(UNREADABLE).toContain(decode(bytes, KEY));
    }
  });

  test('are never more than a reason, with a right signature or without', () => {
    const random = randomFrom(1);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 400) }, () => Math.floor(random() * 256)));
      if (i % 2 === 0) packet.copy(bytes, 0, 0, 60);
      const message = decode(i % 4 === 0 ? signedAgain(bytes) : bytes, KEY);
      if (typeof message === 'string') expect(UNREADABLE).toContain(message);
    }
  });

  function changed(at: number, value: number): Buffer {
    const bytes = Buffer.from(packet);
    bytes[at] = value;
    return bytes;
  }

  function signed(at: number, value: number): Buffer {
    return signedAgain(changed(at, value));
  }
});

function signedAgain(bytes: Buffer): Buffer {
  if (bytes.length < 32) return bytes;
  const body = bytes.subarray(0, -32);
  return Buffer.concat([body, createHmac('sha256', KEY).update(body).digest()]);
}

function longestSubject() {
  return { pair: 'p'.repeat(63), family: 4, vrid: 255 } as const;
}
