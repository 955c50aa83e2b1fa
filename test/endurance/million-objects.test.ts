import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../cache/memory/random.ts';
import { cachingDoor, statusOf } from '../stories/cache-scene.ts';
import { residentMemory } from '../support/memory.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { LONG, SEED, tell } from './form.ts';
import { bodyOfKept, pathOfKept } from './kept-objects.ts';

/** A start with a million objects on disk: it serves at once, and soon knows them all. */

const COUNT = 1_000_000;
const SIZE = 4 * 1024 ** 3;
const FILL = new URL('./fill-disk.ts', import.meta.url).pathname;

test.runIf(LONG)('a start with a million objects on disk', { timeout: 300_000 }, async () => {
  const random = new Random(SEED);
  const origin = await startOrigin(() => answer('from the origin', { fields: ['Cache-Control: no-store'] }));
  const directory = join(await tempDir(), 'disk');
  const start = (where: string) =>
    startPortico({
      ...cachingDoor(origin, { workers: 2, cache: { memory: '64MiB', disk: { directory: where, size: '4GiB' } } }),
      logs: { access: 'off' },
    });
  await fill(directory);

  const empty = await start(join(await tempDir(), 'empty'));
  await visitSome(empty, random, 500);
  const before = residentMemory(empty.pid);
  await empty.stop();

  const begun = performance.now();
  const portico = await start(directory);
  const ready = performance.now() - begun;
  await fetchRaw(portico.port(), '/');
  const served = performance.now() - begun;
  let isIndexed = false;
  const indexing = portico.events.waitFor('disk cache is indexed', { limit: 60_000 }).then((event) => {
    isIndexed = true;
    return event;
  });
  let slowest = 0;
  let answered = 0;
  while (!isIndexed) {
    const asked = performance.now();
    await visitSome(portico, random, 1);
    slowest = Math.max(slowest, performance.now() - asked);
    answered += 1;
  }
  const { records } = await indexing;
  const indexed = performance.now() - begun;
  await visitSome(portico, random, 500);
  const growth = (residentMemory(portico.pid) - before) / COUNT;
  const hits = await visitSome(portico, random, 500);
  const whole = (each: number) => Math.round(each);
  tell('a million objects on disk', {
    records,
    ready_ms: whole(ready),
    served_ms: whole(served),
    indexed_ms: whole(indexed),
    answered_meanwhile: answered,
    slowest_ms: whole(slowest),
    rss_before_mib: whole(before / 2 ** 20),
    bytes_per_object: whole(growth),
  });
  expect(records).toBe(COUNT);
  expect(hits).toBe(500);
  expect(ready).toBeLessThan(3_000);
  expect(served - ready).toBeLessThan(1_000);
  expect(indexed).toBeLessThan(20_000);
  expect(growth).toBeLessThan(1024);
  expect(await portico.stop()).toBe(0);
});

async function fill(directory: string): Promise<void> {
  const child = spawn(process.execPath, [FILL, directory, String(SIZE), String(COUNT)], { stdio: 'inherit' });
  expect(await once(child, 'close')).toEqual([0, null]);
}

/** Asks for some of them, one after the other, and tells how many came from the cache: each with its own body. */
async function visitSome(portico: Portico, random: Random, count: number): Promise<number> {
  let hits = 0;
  for (let i = 0; i < count; i++) {
    const number = random.below(COUNT);
    const reply = await fetchRaw(portico.port(), pathOfKept(number));
    expect(reply.status).toBe(200);
    if (statusOf(reply) !== 'hit') continue;
    expect(reply.body).toBe(bodyOfKept(number).toString());
    hits += 1;
  }
  return hits;
}
