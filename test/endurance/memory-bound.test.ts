import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../cache/memory/random.ts';
import { cachingDoor } from '../stories/cache-scene.ts';
import { MEMORY_IS_TOLD, residentMemory } from '../support/memory.ts';
import { startPortico } from '../support/portico.ts';
import { tempDir } from '../support/temp.ts';
import { Crowd } from './crowd.ts';
import { LONG, SEED, tell } from './form.ts';
import { CHECKED, expectNothingHeld } from './soundness.ts';
import { VersionedOrigin } from './versioned-origin.ts';

/**
 * However many objects of mixed sizes go through: beyond what the process had before it was asked for anything, it
 * takes `cache.memory`, 1 KiB an object and 64 MiB, whatever the number of workers. What an object takes in the index
 * counts, and so do the heaps of Node.
 */

const MIB = 1024 * 1024;
const MEMORY = 64 * MIB;
const BESIDE = 64 * MIB;
const AN_OBJECT = 1024;

const DURATION = LONG ? 40_000 : 6_000;
const CLIENTS = 32;
/** Some 400 MiB of bodies. */
const OBJECTS = 20_000;

const CASES = [
  { workers: 1, disk: false },
  { workers: 1, disk: true },
  { workers: 2, disk: true },
  { workers: 2, disk: false },
  { workers: 4, disk: false },
  { workers: 4, disk: true },
];

describe.runIf(MEMORY_IS_TOLD)('memory stays within its bounds', () => {
  test.each(LONG ? CASES : CASES.filter(({ workers, disk }) => workers === 2 && disk))(
    'with $workers workers, disk: $disk',
    { timeout: DURATION + 60_000 },
    async ({ workers, disk }) => {
      const random = new Random(SEED);
      const origin = await VersionedOrigin.start(OBJECTS, random);
      const tiers = disk ? { disk: { directory: join(await tempDir(), 'disk'), size: '512MiB' } } : {};
      const door = {
        ...cachingDoor(origin, { workers, cache: { memory: '64MiB', ...tiers } }),
        logs: { access: 'off' },
      };
      const portico = await startPortico(door, { env: CHECKED });
      const before = residentMemory(portico.pid);
      let most = before;
      const look = setInterval(() => {
        most = Math.max(most, residentMemory(portico.pid));
      }, 100);
      const crowd = new Crowd({ origin, random });
      await crowd.visitFor(DURATION, { http: portico.port(0), https: portico.port(1) }, CLIENTS);
      clearInterval(look);
      const after = residentMemory(portico.pid);
      expect(crowd.faults.slice(0, 5)).toEqual([]);
      const { entries } = await expectNothingHeld(portico);
      const bound = MEMORY + BESIDE + AN_OBJECT * Number(entries);
      const mib = (bytes: number) => Math.round(bytes / MIB);
      tell('memory', {
        workers,
        disk,
        before: mib(before),
        most: mib(most - before),
        beside: mib(most - before - MEMORY - AN_OBJECT * Number(entries)),
        after: mib(after - before),
        bound: mib(bound),
        entries,
        asked: origin.asked,
      });
      expect(most - before).toBeLessThan(bound);
    },
  );
});
