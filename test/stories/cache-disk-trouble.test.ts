import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { portico } from '../support/command.ts';
import { answer, type Script } from '../support/origin.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { cachingDoor, headOf, KIB, MIB, pieces, statusOf, whole } from './cache-scene.ts';
import { bodyOf, endOf, FRESH, Place, sized } from './disk-place.ts';

/** A disk that is damaged, full, or not ours: nobody is served a wrong byte, and the operator hears of it. */

test('what was damaged on disk is not served: who was sent half of it sees it break off, the next one gets it anew', async () => {
  const damaged = await Place.open();
  const [small, large] = [damaged.stage.play(sized(1000)), damaged.stage.play(sized(MIB))];
  for (const play of [small, large]) await play.fetch();
  await damaged.written(small, large);
  expect(await damaged.stage.portico.stop()).toBe(0);
  for (const { path, bytes } of damaged.files) {
    for (const { target } of [small, large]) {
      const at = bytes.indexOf(endOf(target));
      if (at === -1) continue;
      bytes[at] = 0x21;
      writeFileSync(path, bytes);
    }
  }
  await damaged.start();
  await damaged.stage.portico.events.waitFor('disk cache is indexed');
  const reply = await damaged.again(small).fetch();
  expect([reply.status, reply.body === bodyOf(small.target, 1000).toString('latin1')]).toEqual([200, true]);
  const broken = await (await damaged.again(large).follow()).done();
  expect(broken).toMatchObject({ end: 'broken' });
  const whole = await damaged.again(large).fetch();
  expect(whole.body === bodyOf(large.target, MIB).toString('latin1')).toBe(true);
  await damaged.stage.portico.events.waitFor('disk cache has damaged records, they are not served');
});

describe('a directory that cannot be used is refused at the start', () => {
  async function refusal(directory: string) {
    const dir = await tempDir();
    const config = cachingDoor({ url: 'http://127.0.0.1:1' }, { cache: { disk: { directory, size: '64MiB' } } });
    writeFileSync(join(dir, 'portico.yaml'), JSON.stringify({ ...config, node: { state_dir: join(dir, 'state') } }));
    const { status, stderr } = await portico(['run'], { cwd: dir });
    expect(status).toBe(1);
    return stderr.join('\n');
  }

  test('it is in use by another one', async () => {
    const place = await Place.open();
    expect(await refusal(place.directory)).toBe(
      `portico.yaml cache.disk.directory: another process has its disk cache in ${place.directory}`,
    );
    // Which does not notice.
    expect((await place.stage.play(sized(100)).fetch()).status).toBe(200);
  });

  test('it cannot be written', async () => {
    const readOnly = process.getuid?.() === 0 ? '/proc/portico' : '/portico';
    expect(await refusal(readOnly)).toMatch(
      /^portico\.yaml cache\.disk\.directory: cannot keep the disk cache in \/\S+: [a-z ]+$/,
    );
  });
});

test('a disk that is full: everybody is served, and the operator is told once', async (context) => {
  const disk = await tempDir('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return context.skip('mounting a small file system needs root');
  }
  atTeardown(() => execFileSync('umount', ['-l', disk]));
  const full = await Place.open({}, join(disk, 'cache'));
  const SIZE = 900 * KIB;
  const script: Script = async function* () {
    yield headOf(FRESH, `Content-Length: ${SIZE}`);
    yield* pieces(0, SIZE);
  };
  const plays = Array.from({ length: 30 }, () => full.stage.play(script));
  for (let round = 0; round < 3; round++) {
    const followers = await Promise.all(plays.map((play) => play.follow()));
    for (const each of followers) expect(await each.done(10_000)).toMatchObject(whole(SIZE));
  }
  const small = full.stage.play(() => answer('small', { fields: [FRESH] }));
  await small.fetch();
  expect(statusOf(await small.fetch())).toBe('hit');
  expect((await full.purge(small.target)).status).toBe(200);
  expect(statusOf(await small.fetch())).not.toBe('hit');
  const { events } = full.stage.portico;
  await events.waitFor('disk cache cannot be written, it is only read for now');
  expect(events.all.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
});
