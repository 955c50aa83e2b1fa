import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKeyFile } from '../../../src/vrrp/witness/key.ts';
import { tempDir } from '../../support/temp.ts';

describe('a key', () => {
  test.each([
    { name: 'a line', content: 'sixteen letters!\n', key: 'sixteen letters!' },
    { name: 'a line of Windows', content: 'sixteen letters!\r\n', key: 'sixteen letters!' },
    { name: 'a line that has no end', content: 'sixteen letters!', key: 'sixteen letters!' },
    { name: 'any bytes', content: `\0\n${'\x01'.repeat(14)}`, key: `\0\n${'\x01'.repeat(14)}` },
  ])('is $name', async ({ content, key }) => {
    expect(Buffer.from(readKeyFile(await fileOf(content))).toString()).toBe(key);
  });

  test.each([
    { name: 'too short', content: 'fifteen letters\n', problem: 'expected a key of 16 bytes or more, got 15' },
    { name: 'two lines', content: 'sixteen letters!\nand more\n', problem: 'expected a key on one line, got several' },
    { name: 'too long', content: 'x'.repeat(5000), problem: 'expected a key of at most 4096 bytes, got more' },
  ])('is refused: $name', async ({ content, problem }) => {
    const file = await fileOf(content);
    expect(() => readKeyFile(file)).toThrow(`${file}: ${problem}`);
  });

  test('is refused when its file is not there', () => {
    expect(() => readKeyFile('/nowhere/key')).toThrow('/nowhere/key: cannot be read: ENOENT');
  });
});

async function fileOf(content: string): Promise<string> {
  const file = join(await tempDir(), 'key');
  await writeFile(file, content);
  return file;
}
