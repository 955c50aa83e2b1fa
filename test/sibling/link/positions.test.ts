import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { POSITIONS_FILE, Positions } from '../../../src/sibling/link/positions.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { tempDir } from '../../support/temp.ts';

const INSTANCE = '0123456789abcdef'.repeat(2);
const at = (number: number, instance = INSTANCE) => ({ instance, number, check: 0xffff_ffff - number });
const [A, B] = ['10.0.0.1:3130', '[fe80::1%eth0]:3130'] as const;

async function begin() {
  const directory = await tempDir('positions');
  const { log, events } = recordedLog();
  const file = join(directory, POSITIONS_FILE);
  return { directory, file, events, open: () => new Positions(directory, log) };
}

describe('how far siblings were applied', () => {
  test('is known after the next start', async () => {
    const { open, file } = await begin();
    const positions = open();
    expect(positions.of(A)).toBeUndefined();
    positions.note(A, at(1));
    positions.note(B, at(2, 'f'.repeat(32)));
    positions.note(A, at(3));
    for (const each of [positions, open()]) {
      expect([each.of(A), each.of(B), each.isLost]).toEqual([at(3), at(2, 'f'.repeat(32)), false]);
    }
    const next = open();
    next.note(B, at(4));
    expect([open().of(A), open().of(B)]).toEqual([at(3), at(4)]);
    expect(readFileSync(file)).toHaveLength(256);
  });

  test('is forgotten of those that were not heard of for the longest time, beyond 64', async () => {
    const { open, file } = await begin();
    const positions = open();
    positions.note(A, at(1));
    for (let i = 0; i < 100; i++) {
      positions.note(`10.0.1.${i}:3130`, at(i));
      positions.note(A, at(i));
    }
    const next = open();
    expect([next.of(A), next.of('10.0.1.99:3130'), next.of('10.0.1.3:3130')]).toEqual([at(99), at(99), undefined]);
    expect(readFileSync(file)).toHaveLength(64 * 128);
  });

  test('is in no file any more once the purges are not', async () => {
    const { open } = await begin();
    const positions = open();
    positions.note(A, at(1));
    positions.freeze();
    positions.note(A, at(2));
    expect([positions.of(A), open().of(A)]).toEqual([at(2), at(1)]);
  });

  test('is kept in memory alone without a disk tier', () => {
    const positions = new Positions(undefined, recordedLog().log);
    positions.note(A, at(1));
    expect([positions.of(A), positions.isLost]).toEqual([at(1), false]);
  });

  test.each([1, 40, 127, 129, 255])('is lost when the file ends after %i bytes', async (length) => {
    const { open, file } = await begin();
    const positions = open();
    positions.note(A, at(1));
    positions.note(B, at(1));
    writeFileSync(file, readFileSync(file).subarray(0, length));
    const damaged = open();
    expect([damaged.isLost, damaged.of(A), open().isLost]).toEqual([true, undefined, true]);
    damaged.note(B, at(2));
    expect([open().isLost, open().of(B)]).toEqual([false, at(2)]);
  });

  test('is lost when any bit of the file is another', async () => {
    const { open, file } = await begin();
    open().note(A, at(1));
    const bytes = readFileSync(file);
    for (let i = 0; i < bytes.length; i++) {
      const other = Buffer.from(bytes);
      other[i] = (other[i] as number) ^ (1 << (i % 8));
      writeFileSync(file, other);
      expect(open().isLost).toBe(true);
    }
  });

  test('that cannot be written is told once', async () => {
    const { open, file, events } = await begin();
    const positions = open();
    mkdirSync(`${file}.new`);
    positions.note(A, at(1));
    positions.note(A, at(2));
    expect(positions.of(A)).toEqual(at(2));
    expect(existsSync(file)).toBe(false);
    expect(events).toMatchObject([{ level: 'error', event: 'what siblings purged cannot be noted' }]);
  });
});
