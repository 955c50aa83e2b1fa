import { statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureStickyKey } from '../../../src/proxy/pool/sticky-key.ts';
import { tempDir } from '../../support/temp.ts';

test('the key of sticky cookies is made once, for this user alone', async () => {
  const state = join(await tempDir(), 'a', 'state');
  const key = ensureStickyKey(state);
  expect(key).toHaveLength(32);
  expect(ensureStickyKey(state)).toEqual(key);
  expect(statSync(join(state, 'sticky.key')).mode & 0o777).toBe(0o600);
  expect(await readdir(state)).toEqual(['sticky.key']);
});

test('each node has its own', async () => {
  expect(ensureStickyKey(await tempDir())).not.toEqual(ensureStickyKey(await tempDir()));
});

test('a file that is no key is told of and stays as it is', async () => {
  const state = await tempDir();
  writeFileSync(join(state, 'sticky.key'), 'short');
  expect(() => ensureStickyKey(state)).toThrow(/sticky\.key: expected 32 bytes, got 5/);
});

test('a directory that cannot be used is told of in one line', () => {
  expect(() => ensureStickyKey('/proc/nowhere')).toThrow(/^cannot keep the key of sticky cookies in state_dir [^\n]*$/);
});
