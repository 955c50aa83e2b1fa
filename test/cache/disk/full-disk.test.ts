import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { digestOf, MIB, recordOf } from './records.ts';
import { openScene, readBack, recovered } from './scene.ts';

/** A disk of 8 MiB; `undefined` where mounting one is not permitted. */
async function smallDisk(): Promise<string | undefined> {
  const path = await tempDir('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  atTeardown(() => execFileSync('umount', ['-l', path]));
  return path;
}

test('a disk that fills up before the size is reached: the cache is read on, and whole after a start', async (context) => {
  const disk = await smallDisk();
  if (disk === undefined) return context.skip('mounting a small file system needs root');
  const path = join(disk, 'cache');
  const first = await openScene({ path, size: 256 * MIB });
  const written = [];
  for (let i = 0; i < 60; i++) {
    const place = await first.tier.append(recordOf(i, { body: 200_000 }));
    if (place) written.push({ i, place });
  }
  expect(first.events.map(({ level, event }) => `${level}: ${event}`)).toEqual([
    'warn: disk cache cannot be written, it is only read for now',
  ]);
  expect(first.events[0]?.fields).toMatchObject({ directory: path, error: { code: 'ENOSPC' } });
  const live = written.filter(({ place }) => first.tier.isLive(place.segment));
  expect([live.length > 10, live.length < 60]).toEqual([true, true]);
  for (const { i, place } of live) {
    expect(await readBack(first.tier, place)).toBe(digestOf(recordOf(i, { body: 200_000 })));
  }
  await first.close();
  // Others have what is left of the disk.
  try {
    for (let n = 0; ; n++) writeFileSync(join(disk, `other-${n}`), Buffer.alloc(100_000));
  } catch {}
  const second = await openScene({ path, size: 256 * MIB });
  const found = await recovered(second.directory);
  expect(found.size).toBe(live.length);
  for (const { place, sequence } of found.values()) {
    expect(await readBack(second.tier, place)).toBe(digestOf(recordOf(sequence, { body: 200_000 })));
  }
});
