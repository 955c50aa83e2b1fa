import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../cache/memory/random.ts';
import { cachingDoor, gate } from '../stories/cache-scene.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { Crowd } from './crowd.ts';
import { LONG, SEED, tell } from './form.ts';
import { CHECKED, expectNothingHeld } from './soundness.ts';
import { VersionedOrigin } from './versioned-origin.ts';

/**
 * The whole process is killed while it writes to disk, and started again in the same directory: it starts each time, what
 * it serves of former lives is right in every byte, and what was purged or made invalid before the kill stays so.
 */

const KILLS = LONG ? 100 : 8;
const CLIENTS = 24;
const OBJECTS = 1_500;

test(`a process that is killed ${KILLS} times`, { timeout: 60_000 + KILLS * 5_000 }, async () => {
  const random = new Random(SEED);
  const origin = await VersionedOrigin.start(OBJECTS, random);
  const dir = await tempDir();
  const disk = { directory: join(dir, 'disk'), size: '64MiB' };
  const cache = { memory: '4MiB', memory_object_limit: '40KiB', disk };
  const door = { ...cachingDoor(origin, { workers: 2, cache }), logs: { access: 'off' } };
  // What it knows of purges outlives the kills, as what is on disk does.
  const crowd = new Crowd({ origin, random, mayLose: true });
  let portico = await startPortico(door, { dir, env: CHECKED });
  let found = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const visited = crowd.visit({ http: portico.port(0), https: portico.port(1) }, CLIENTS);
    await new Promise((resolve) => setTimeout(resolve, 100 + random.below(700)));
    await portico.kill();
    crowd.stop();
    await visited;
    expect(crowd.faults.slice(0, 5), `after ${kill} kills`).toEqual([]);
    found = Math.max(found, recordsFound(portico));
    expectNoTrouble(portico);
    portico = await startPortico(door, { dir, env: CHECKED });
  }
  await crowd.visitFor(500, { http: portico.port(0), https: portico.port(1) }, CLIENTS);
  tell('killed processes', { ...Object.fromEntries(crowd.seen), found });
  expect(crowd.faults.slice(0, 5)).toEqual([]);
  expect(found).toBeGreaterThan(100);
  await expectNothingHeld(portico);
});

test('what a POST made invalid while it was fetched is not found after the next start', async () => {
  const held = gate();
  let version = 0;
  const origin = await startOrigin(async function* ({ method }) {
    if (method === 'POST') version += 1;
    const body = `version ${version}`;
    if (method === 'GET' && version === 0) await held.open;
    yield answer(body, { fields: method === 'GET' ? ['Cache-Control: max-age=3600'] : [] });
  });
  const dir = await tempDir();
  const disk = { directory: join(dir, 'disk'), size: '64MiB' };
  const door = cachingDoor(origin, { cache: { memory: '4MiB', disk } });
  const first = await startPortico(door, { dir });
  const old = fetchRaw(first.port(), '/page');
  await origin.requestFor('/page');
  await fetchRaw(first.port(), '/page', { method: 'POST' });
  held.lift();
  expect((await old).body).toBe('version 0');
  expect(await first.stop()).toBe(0);
  const second = await startPortico(door, { dir });
  expect((await fetchRaw(second.port(), '/page')).body).toBe('version 1');
});

/** What it found on disk when it started. */
function recordsFound({ events }: Portico): number {
  return Number(events.all.find(({ message }) => message === 'disk cache is indexed')?.records ?? 0);
}

function expectNoTrouble(portico: Portico): void {
  expect(portico.events.all.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
}
