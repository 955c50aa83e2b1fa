import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { DiskDirectory, segmentSize } from '../../../src/cache/disk/disk-directory.ts';
import { DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { digestOf, MIB, recordOf } from './records.ts';
import { openScene, readBack, recordedLog, stored } from './scene.ts';

const HOLDER = new URL('./lock-holder.ts', import.meta.url).pathname;

function open(directory: string, size = 64 * MIB): Promise<DiskDirectory> {
  return DiskDirectory.open({ directory, size, workers: 1, forget: () => {}, log: recordedLog().log });
}

describe('a directory', () => {
  test('is made, with those above it, for its owner alone', async () => {
    const path = join(await tempDir('disk'), 'a/b');
    const directory = await open(path);
    expect(readdirSync(path)).toEqual(['lock']);
    await directory.close();
  });

  test('that is a file is refused in one line', async () => {
    const path = join(await tempDir('disk'), 'file');
    writeFileSync(path, '');
    await expect(open(path)).rejects.toMatchObject({
      name: 'DiskError',
      code: 'directory_unusable',
      message: `cannot keep the disk cache in ${path}: it is not a directory`,
    });
  });

  test('that cannot be made is refused with the reason', async () => {
    await expect(open('/proc/cache')).rejects.toMatchObject({
      code: 'directory_unusable',
      message: 'cannot keep the disk cache in /proc/cache: no such file or directory',
    });
  });

  test.skipIf(process.getuid?.() !== 0)('that its user may not write is refused with the reason', async () => {
    const path = await tempDir('disk');
    const nobody = { uid: 65534, gid: 65534 };
    const { stdout } = await promisify(execFile)(process.execPath, [HOLDER, path], nobody);
    expect(stdout).toBe(`directory_unusable cannot keep the disk cache in ${path}: permission denied\n`);
  });

  test('with a lock that is no such file is refused', async () => {
    const path = await tempDir('disk');
    writeFileSync(join(path, 'lock'), 'x'.repeat(5000));
    await expect(open(path)).rejects.toMatchObject({ code: 'directory_unusable' });
  });
});

describe('the lock', () => {
  test('keeps a second one out, and lets it in when the first has closed', async () => {
    const path = await tempDir('disk');
    const first = await open(path);
    await expect(open(path)).rejects.toMatchObject({
      code: 'directory_in_use',
      message: `another process has its disk cache in ${path}`,
    });
    await first.close();
    await (await open(path)).close();
  });

  test('keeps another process out until it is killed, and no longer', async () => {
    const path = await tempDir('disk');
    const holder = spawn(process.execPath, [HOLDER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    atTeardown(() => holder.kill('SIGKILL'));
    const [output] = await once(holder.stdout, 'data');
    expect(String(output)).toBe('held\n');
    await expect(open(path)).rejects.toMatchObject({ code: 'directory_in_use' });
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    await (await open(path)).close();
  });
});

describe('at a start', () => {
  test('numbers go on above all that were there, and records stay', async () => {
    const first = await openScene();
    const place = await stored(first.tier, recordOf(1));
    await first.close();
    const second = await openScene({ path: first.path });
    expect((await stored(second.tier, recordOf(2))).segment).toBe(place.segment + 1);
    expect(await readBack(second.tier, place)).toBe(digestOf(recordOf(1)));
  });

  test('the oldest beyond a smaller limit go', async () => {
    const first = await openScene();
    for (let i = 0; i < 24; i++) await stored(first.tier, recordOf(i, { body: MIB }));
    await first.close();
    const second = await openScene({ path: first.path, size: 12 * MIB });
    expect(second.directory.usage.bytes).toBeLessThanOrEqual(12 * MIB);
    const left = readdirSync(first.path).filter((name) => name.endsWith('.seg'));
    expect(left.length).toBeGreaterThan(1);
    expect(left).toEqual(left.toSorted());
    expect(left.at(-1)).toBe('0000000008.seg');
    expect(second.forgotten[0]).toBe(1);
  });

  test('what is not ours is left alone, and what is left over is removed', async () => {
    const path = await tempDir('disk');
    for (const name of [
      'notes.txt',
      '1.seg',
      '0000000000.seg',
      '00000000001.seg',
      '9999999999.seg',
      'x0000000001.seg',
    ]) {
      writeFileSync(join(path, name), 'mine');
    }
    mkdirSync(join(path, '0000000004.seg'));
    writeFileSync(join(path, '0000000005.seg'), '');
    writeFileSync(join(path, '0000000006.idx'), 'no segment beside it');
    const before = readdirSync(path);
    const { tier, close } = await openScene({ path });
    expect((await stored(tier, recordOf(1))).segment).toBe(7);
    await close();
    const gone = ['0000000005.seg', '0000000006.idx'];
    const added = ['0000000007.idx', '0000000007.seg', 'lock'];
    expect(readdirSync(path)).toEqual([...before.filter((name) => !gone.includes(name)), ...added].sort());
    expect(existsSync(join(path, '0000000004.seg'))).toBe(true);
  });
});

describe('while it runs', () => {
  test('a smaller size takes effect at once, and a larger one lets more in', async () => {
    const { tier, directory, forgotten } = await openScene();
    for (let i = 0; i < 24; i++) await stored(tier, recordOf(i, { body: MIB }));
    await directory.setSize(12 * MIB);
    expect(directory.usage.bytes).toBeLessThanOrEqual(12 * MIB);
    expect(forgotten).toEqual(forgotten.map((_, i) => i + 1));
    const evictions = directory.usage.evictions;
    await directory.setSize(64 * MIB);
    for (let i = 0; i < 24; i++) await stored(tier, recordOf(i, { body: MIB }));
    expect(directory.usage.evictions).toBe(evictions);
  });

  test('a much smaller size lets smaller segments be written', async () => {
    const { tier, directory } = await openScene({ size: 1024 * MIB });
    await stored(tier, recordOf(0));
    await directory.setSize(8 * MIB);
    for (let i = 1; i < 30; i++) {
      const place = await stored(tier, recordOf(i, { body: MIB }));
      expect(await readBack(tier, place)).toBe(digestOf(recordOf(i, { body: MIB })));
    }
    expect(directory.usage.bytes).toBeLessThanOrEqual(8 * MIB);
  });

  test('what a dead worker wrote stays, and can be evicted', async () => {
    const { tier, directory, path } = await openScene();
    const place = await stored(tier, recordOf(1));
    await directory.workerDied(0); // with its segment open
    const { log } = recordedLog();
    const successor = new DiskTier(directory.plan, { worker: 0, forget: () => {}, log });
    expect(await readBack(successor, place)).toBe(digestOf(recordOf(1)));
    expect((await stored(successor, recordOf(2))).segment).toBe(2);
    await directory.setSize(4 * MIB);
    expect(successor.isLive(place.segment)).toBe(false);
    expect(readdirSync(path)).not.toContain('0000000001.seg');
    await successor.close();
  });
});

test.each([
  { size: '10 GiB', bytes: 10 * 1024 * MIB, workers: 4, expected: 160 * MIB },
  { size: '1 TiB', bytes: 1024 * 1024 * MIB, workers: 64, expected: 256 * MIB },
  { size: '128 MiB', bytes: 128 * MIB, workers: 2, expected: 4 * MIB },
  { size: '16 MiB', bytes: 16 * MIB, workers: 8, expected: MIB },
])('a tier of $size for $workers workers has segments of $expected bytes', ({ bytes, workers, expected }) => {
  expect(segmentSize(bytes, workers)).toBe(expected);
});
