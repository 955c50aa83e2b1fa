import { expect, test } from 'vitest';
import { SipHash } from '../../../src/geodns/answer/sip-hash.ts';
import { randomBytes } from '../names.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

test('the example of the paper comes out (SipHash, Appendix A)', () => {
  expect(hashOf(KEY, Buffer.from('000102030405060708090a0b0c0d0e', 'hex'))).toBe(0xa129ca6149be45e5n);
});

test('of no bytes, and of each length of a rest, it is what plain 64-bit arithmetic says', () => {
  const random = randomBytes(7);
  for (let length = 0; length < 40; length++) {
    const key = random(16);
    const bytes = random(length);
    expect(hashOf(key, bytes)).toBe(plainly(key, bytes));
  }
});

function hashOf(key: Buffer, bytes: Buffer): bigint {
  const out = Buffer.alloc(8);
  new SipHash(key).hash(bytes, bytes.length, out, 0);
  return out.readBigUInt64LE();
}

/** As the paper has it. */
function plainly(key: Buffer, bytes: Buffer): bigint {
  const mask = (1n << 64n) - 1n;
  const turned = (v: bigint, by: bigint) => ((v << by) | (v >> (64n - by))) & mask;
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn];
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const round = () => {
    v0 = (v0 + v1) & mask;
    v2 = (v2 + v3) & mask;
    v1 = turned(v1, 13n) ^ v0;
    v3 = turned(v3, 16n) ^ v2;
    v0 = turned(v0, 32n);
    v2 = (v2 + v1) & mask;
    v0 = (v0 + v3) & mask;
    v1 = turned(v1, 17n) ^ v2;
    v3 = turned(v3, 21n) ^ v0;
    v2 = turned(v2, 32n);
  };
  const padded = Buffer.alloc((Math.floor(bytes.length / 8) + 1) * 8);
  bytes.copy(padded);
  padded[padded.length - 1] = bytes.length;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
