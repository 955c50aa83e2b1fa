import { expect, test } from 'vitest';
import { diskKey, readDiskKey } from '../../src/cache/disk-key.ts';
import { decodeHead, encodeHead } from '../../src/cache/stored-head.ts';
import { storedResponse } from './conditional/stored.ts';

test.each([
  { key: 'https://www.example.com/', vary: [], variant: '' },
  { key: 'https://www.example.com/\n=a field of the key', vary: ['accept-encoding', 'cookie'], variant: '=gzip\n=a=1' },
  { key: 'https://www.example.com/\xe4', vary: ['x'], variant: '=\xff' },
])('a key on disk is read as it was written: $key', ({ key, vary, variant }) => {
  const found = { key, vary: vary.join(), variant };
  expect(readDiskKey(diskKey({ key, vary, variant }, 1_999_999))).toEqual({ ...found, freshUntil: 1_999_000 });
});

test.each(['key\0vary\0=variant', 'key\0vary\0=variant\0soon'])(
  'one that does not say how long it is fresh: %j',
  (text) => {
    const found = { key: 'key', vary: 'vary', variant: '=variant', freshUntil: 0 };
    expect(readDiskKey(Buffer.from(text, 'latin1'))).toEqual(found);
  },
);

test.each(['', 'key', 'key\0vary', 'key\0vary\0variant\x001\0more'])(
  'what was not written so is no key: %j',
  (text) => {
    expect(readDiskKey(Buffer.from(text, 'latin1'))).toBeUndefined();
  },
);

test('a stored head is read as it was written, whatever bytes its fields have', () => {
  const stored = storedResponse(['x', 'caf\xe9 "\\ \u007f', 'etag', '"1"'], {
    vary: ['x'],
    variant: '=\xff\n',
    part: { first: 5, complete: undefined },
    lifetime: Number.MAX_SAFE_INTEGER,
    tags: ['a', 'b'],
  });
  expect(decodeHead(encodeHead(stored))).toEqual({ ...stored, part: { first: 5 } });
});
