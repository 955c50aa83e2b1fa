import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../cache/memory/random.ts';
import { cachingDoor } from '../stories/cache-scene.ts';
import { startPortico } from '../support/portico.ts';
import { tempDir } from '../support/temp.ts';
import { Crowd } from './crowd.ts';
import { LONG, SEED, tell } from './form.ts';
import { CHECKED, expectNothingHeld } from './soundness.ts';
import { VersionedOrigin } from './versioned-origin.ts';

/** Everything at once: fill, read, evict, purge, by many clients of all manners, in a memory that is far too small. */

const DURATION = LONG ? 60_000 : 5_000;
const CLIENTS = 32;
/** Some 60 MiB of bodies: of the memory, many times. */
const OBJECTS = 3_000;

describe('everything at once, in a cache that is far too small', () => {
  test.each([
    { name: '2 workers', workers: 2, disk: false },
    { name: '2 workers and a disk', workers: 2, disk: true },
    { name: '4 workers', workers: 4, disk: false },
    { name: '4 workers and a disk', workers: 4, disk: true },
  ])(
    '$name: not a wrong byte, nothing that was purged, nothing leaked',
    { timeout: DURATION + 60_000 },
    async ({ name, workers, disk }) => {
      const random = new Random(SEED);
      const origin = await VersionedOrigin.start(OBJECTS, random);
      const tiers = disk
        ? { memory_object_limit: '40KiB', disk: { directory: join(await tempDir(), 'disk'), size: '64MiB' } }
        : {};
      const door = cachingDoor(origin, {
        workers,
        cache: { memory: '4MiB', ...tiers },
        site: { routes: [{ path: '~ /text/', compress: ['gzip'] }] },
      });
      const portico = await startPortico({ ...door, logs: { access: 'off' } }, { env: CHECKED });
      const crowd = new Crowd({ origin, random });
      await crowd.visitFor(DURATION, { http: portico.port(0), https: portico.port(1) }, CLIENTS);
      const { asked, broken } = origin;
      tell(name, { ...Object.fromEntries(crowd.seen), asked, broken });
      expect(portico.events.all.filter(({ level }) => level === 'error')).toEqual([]);
      expect(crowd.faults.slice(0, 5)).toEqual([]);
      expect(crowd.count('hit')).toBeGreaterThan(100);
      await expectNothingHeld(portico);
    },
  );
});
