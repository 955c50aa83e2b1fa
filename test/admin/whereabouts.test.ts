import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  localUrl,
  readWhereabouts,
  removeWhereabouts,
  whereaboutsFile,
  writeWhereabouts,
} from '../../src/admin/whereabouts.ts';
import { tempDir } from '../support/temp.ts';

const HERE = { url: 'https://127.0.0.1:8400', pid: 4711, certificate: '/state/self-signed.pem' };

describe('where a node is', () => {
  test('is read as it was written, by its user alone', async () => {
    const dir = await tempDir();
    writeWhereabouts(dir, HERE);
    expect(readWhereabouts(dir)).toEqual(HERE);
    expect(statSync(whereaboutsFile(dir)).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['admin.json']);
  });

  test('is the last that was written', async () => {
    const dir = await tempDir();
    writeWhereabouts(dir, HERE);
    writeWhereabouts(dir, { url: 'http://[::1]:8401', pid: 4712 });
    expect(readWhereabouts(dir)).toEqual({ url: 'http://[::1]:8401', pid: 4712 });
  });

  test('is nowhere when nothing was written', async () => {
    expect(readWhereabouts(await tempDir())).toBeUndefined();
  });

  test('is removed by the node that wrote it, and by no other', async () => {
    const dir = await tempDir();
    writeWhereabouts(dir, HERE);
    removeWhereabouts(dir, 4712);
    expect(readWhereabouts(dir)).toEqual(HERE);
    removeWhereabouts(dir, 4711);
    expect(readWhereabouts(dir)).toBeUndefined();
    removeWhereabouts(dir, 4711);
  });

  test.each([
    '',
    '[]',
    'null',
    '{"url":"http://a","pid":-1}',
    '{"url":"https://a/b","pid":1}',
    '{"url":"ftp://a","pid":1}',
    '{"url":"http://a"}',
  ])('is not taken from %s', async (text) => {
    const dir = await tempDir();
    writeFileSync(join(dir, 'admin.json'), text);
    expect(() => readWhereabouts(dir)).toThrow(SyntaxError);
  });
});

test.each([
  { address: '127.0.0.1:8400', url: 'https://127.0.0.1:8400' },
  { address: '0.0.0.0:8400', url: 'https://127.0.0.1:8400' },
  { address: '[::]:8400', url: 'https://[::1]:8400' },
  { address: '10.0.0.0:84', url: 'https://10.0.0.0:84' },
])('$address is at $url', ({ address, url }) => {
  expect(localUrl('https', address)).toBe(url);
});
