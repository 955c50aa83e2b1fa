import { describe, expect, test } from 'vitest';
import { bodyChecksums, largeBodyChecksums } from '../../../src/cache/disk/body-checksums.ts';
import {
  BLOCK,
  checksumsIn,
  encodeHead,
  headAreaLength,
  headIn,
  isIntact,
  isOf,
  keyIn,
  RECORD_HEADER,
  readLayout,
  recordLength,
} from '../../../src/cache/disk/record.ts';
import { noise, randomNumbers, recordOf } from './records.ts';

const IDENTITY = { low: 0xdeadbeef, high: 0x01020304 };
const OFFSET = 4096;

function encoded(bodyLength: number, head = 300): { bytes: Buffer; at: number } {
  const record = recordOf(5, { body: bodyLength, head });
  const at = 16;
  const bytes = Buffer.alloc(at + headAreaLength(record.key.length, head, bodyLength), 0xff);
  encodeHead(bytes, at, record, bodyLength, bodyChecksums(record.body), IDENTITY, OFFSET);
  return { bytes, at };
}

describe('a record', () => {
  test.each([0, 1, 1024, BLOCK, BLOCK + 1, 10 * BLOCK - 1])(
    'with a body of %i bytes is read as it was written',
    (length) => {
      const record = recordOf(5, { body: length });
      const { bytes, at } = encoded(length);
      const layout = readLayout(bytes, at);
      if (layout === undefined) throw new Error('no record');
      expect(isIntact(bytes, at, layout, OFFSET)).toBe(true);
      expect(isOf(bytes, at, IDENTITY)).toBe(true);
      expect(keyIn(bytes, at, layout)).toEqual(record.key);
      expect(headIn(bytes, at, layout)).toEqual(record.head);
      expect(layout).toMatchObject({ bodyLength: length, sequence: 5, expiresAt: Infinity });
      expect(layout.length).toBe(recordLength(record.key.length, record.head.length, length));
      expect([layout.bodyAt % 8, layout.length % 8]).toEqual([0, 0]);
      expect(checksumsIn(bytes, at, layout).length / 4).toBe(Math.ceil(length / BLOCK));
    },
  );

  test('with any bit of its head area flipped is none', () => {
    const { bytes, at } = encoded(3 * BLOCK, 50);
    const end = at + RECORD_HEADER + recordOf(5).key.length + 50 + 4 * 3;
    const taken: number[] = [];
    for (let bit = at * 8; bit < end * 8; bit++) {
      const mask = 1 << (bit & 7);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ mask;
      if (isWhole(bytes, at)) taken.push(bit - at * 8);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ mask;
    }
    expect(taken).toEqual([]);
    expect(isWhole(bytes, at)).toBe(true);
  });

  test('is none in another place, nor in another segment', () => {
    const { bytes, at } = encoded(10);
    const layout = readLayout(bytes, at);
    if (layout === undefined) throw new Error('no record');
    expect(isIntact(bytes, at, layout, OFFSET + 8)).toBe(false);
    expect(isOf(bytes, at, { low: IDENTITY.low, high: 1 })).toBe(false);
    expect(isOf(bytes, at, { low: 1, high: IDENTITY.high })).toBe(false);
  });

  test('is not found in noise, and noise is read without an error', () => {
    const random = randomNumbers(1);
    for (let i = 0; i < 2000; i++) {
      const bytes = noise(i, 400);
      encoded(8).bytes.copy(bytes, 0, 16, 16 + Math.floor(random() * 40)); // a beginning that is right
      expect(isWhole(bytes, 0)).toBe(false);
    }
  });
});

describe("a body's checksums", () => {
  test.each([1, 7, 4096, BLOCK - 1, BLOCK, BLOCK + 1])(
    'do not depend on its pieces, here of %i bytes',
    async (step) => {
      const body = noise(3, 2 * BLOCK + 12345).subarray(0, step === 1 ? 3000 : undefined);
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; at += step) pieces.push(body.subarray(at, at + step));
      expect(bodyChecksums(pieces)).toEqual(bodyChecksums([body]));
      expect(await largeBodyChecksums(pieces)).toEqual(bodyChecksums([body]));
    },
  );

  test('of a body in one piece beyond the slice are the same', async () => {
    const body = Buffer.alloc(9 * 1024 * 1024 + 5, 'abc');
    expect(await largeBodyChecksums([body])).toEqual(bodyChecksums([body]));
  });
});

function isWhole(bytes: Buffer, at: number): boolean {
  const layout = readLayout(bytes, at);
  if (layout === undefined || at + layout.bodyAt > bytes.length) return false;
  return isIntact(bytes, at, layout, OFFSET) && isOf(bytes, at, IDENTITY);
}
