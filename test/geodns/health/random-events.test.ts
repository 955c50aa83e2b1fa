import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pick } from '../../../src/geodns/geo/pick.ts';
import type { Word } from '../../../src/geodns/health/model.ts';
import { limitedTtl, NO_LIMIT, SHORTEST_LIMIT } from '../../../src/geodns/health/ttl.ts';
import { Random } from '../../cache/memory/random.ts';
import { HealthScene, type Scripted, watched } from './scene.ts';

/** Datacenters that meet with anything at any time. Each of these must hold after each event. */

const STEPS = 300;
const NAMES = ['us', 'uk', 'au', 'jp'] as const;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('whatever happens to datacenters', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))('(seed %d)', async (seed) => {
    const random = new Random(seed);
    const scene = new HealthScene();
    scene.random = random.next();
    await scene.begin(randomPlan(random), { own: 'jp', choices: [NAMES, ['us', 'uk']] });
    let version = scene.table.version;
    let cells = cellsOf(scene);
    let told = 0;
    const words = new Map<string, Word | undefined>();
    for (let step = 0; step < STEPS; step++) {
      await happen(scene, words, random);
      if (scene.table.inService.length !== NAMES.length) throw new Error('expected a row for each');

      const standings = scene.health.standings();
      const serving = standings.filter(({ effective }) => effective === 'serving').map(({ name }) => name);
      expect(scene.serving, 'the DNS thread goes by what is told').toEqual(serving);
      expect(scene.table.version === version, 'the version stands for the cells').toBe(cells === cellsOf(scene));
      [version, cells] = [scene.table.version, cellsOf(scene)];

      const order = NAMES.map((_, position) => position);
      const picked = pick(order, scene.table.inService, 'closest', [], 0);
      expect(picked, 'somebody is always answered').toHaveLength(1);
      const isOpen = scene.health.failingOpen().some((choice) => choice.length === NAMES.length);
      expect(isOpen).toBe(serving.length === 0);
      expect(serving.length === 0 || serving.includes(NAMES[picked[0] as number] as string)).toBe(true);

      const ttl = limitedTtl(60, order, picked, scene.table);
      expect(ttl).toBeLessThanOrEqual(60);
      expect(ttl).toBeGreaterThanOrEqual(SHORTEST_LIMIT);
      for (const { name, observed, ttlLimit = NO_LIMIT } of standings) {
        // Whom an operator keeps out no check brings back.
        if (observed.due === undefined || words.get(name) !== undefined) continue;
        expect(ttlLimit, 'no longer than to the change').toBeLessThanOrEqual(
          Math.max(SHORTEST_LIMIT, (observed.due - Date.now()) / 1000),
        );
      }

      const opened = scene.told.slice(told).filter((each) => each.endsWith('open'));
      told = scene.told.length;
      expect(new Set(opened).size, 'nothing is told twice at once').toBe(opened.length);
    }
    for (const name of NAMES) {
      scene.find(name, 'well');
      scene.health.said(name, undefined);
    }
    scene.own = { problems: [], draining: false };
    await scene.pass(10 * 20_000);
    expect(scene.serving, 'there is a way back').toEqual(NAMES);
    expect([...scene.table.ttlLimits]).toEqual(NAMES.map(() => NO_LIMIT));
    const lastOpen = scene.told.filter((each) => each.endsWith('open')).at(-1) ?? 'no longer open';
    expect(lastOpen).toContain('no longer open');
  });
});

async function happen(scene: HealthScene, words: Map<string, Word | undefined>, random: Random): Promise<void> {
  const name = random.pick(NAMES);
  switch (random.below(7)) {
    case 0:
    case 1:
      scene.find(name, random.pick<Scripted>(['well', 'bad', 'silent', 'ours']));
      return;
    case 2:
      words.set(name, random.pick<Word | undefined>([undefined, { admin: 'drain' }, { admin: 'down' }]));
      scene.health.said(name, words.get(name));
      return;
    case 3:
      scene.own = { problems: random.pick([[], ['no-workers']]), draining: random.below(2) === 0 };
      scene.health.look();
      return;
    default:
      // Through a look, at which limits follow the time.
      await scene.pass(1000 * (1 + random.below(8)));
  }
}

function randomPlan(random: Random) {
  return NAMES.map((name) =>
    watched(name, {
      rise: 1 + random.below(4),
      fall: 1 + random.below(4),
      interval: 500 * (1 + random.below(20)),
    }),
  );
}

function cellsOf({ table }: HealthScene): string {
  return `${table.inService} ${table.ttlLimits}`;
}
