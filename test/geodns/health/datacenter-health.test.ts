import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NO_LIMIT } from '../../../src/geodns/health/ttl.ts';
import { HealthScene, RULES, type Scripted, watched } from './scene.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a promise has become by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return done;
}

describe('before the first answer', () => {
  test('each datacenter is checked, and one that is bad is out', async () => {
    const scene = new HealthScene();
    scene.find('uk', 'bad');
    const { checked } = scene.prepare(['us', 'uk']);
    expect(await isDone(checked)).toBe(true);
    expect(scene.serving).toEqual(['us']);
  });

  test('it waits for a check that takes its time', async () => {
    const scene = new HealthScene();
    scene.find('uk', 'silent');
    const { checked } = scene.prepare(['us', 'uk']);
    await scene.pass(1999);
    expect(await isDone(checked)).toBe(false);
    expect(scene.serving).toEqual(['us', 'uk']);
    await scene.pass(1);
    expect(await isDone(checked)).toBe(true);
    expect(scene.serving).toEqual(['us']);
  });

  test.each<Scripted>(['silent', 'ours'])('it does not wait for ever: %s', async (found) => {
    const scene = new HealthScene();
    scene.find('uk', found);
    const { checked } = scene.prepare([watched('uk', { timeout: 60_000 }), 'us']);
    await scene.pass(4999);
    expect(await isDone(checked)).toBe(false);
    await scene.pass(1);
    expect(await isDone(checked)).toBe(true);
    expect(scene.serving).toEqual(['uk', 'us']);
    expect(scene.limit('uk'), 'what is not known yet is not for long').toBe(5);
  });

  test('it waits for nothing where nobody is checked', async () => {
    const scene = new HealthScene();
    const { checked } = scene.prepare([{ name: 'us', check: 'off' }, 'own'], { own: 'own' });
    expect(await isDone(checked)).toBe(true);
    expect(scene.asked).toEqual([]);
    expect(scene.serving).toEqual(['us', 'own']);
  });

  test('nobody is told of a generation that does not come into force', async () => {
    const scene = new HealthScene();
    await scene.begin(['us']);
    scene.told.length = 0;
    scene.find('uk', 'bad');
    const { abandon } = scene.prepare(['us', 'uk']);
    await scene.pass(0);
    abandon();
    expect(scene.told).toEqual([]);
    expect(scene.health.standings().map(({ name }) => name)).toEqual(['us']);
    scene.asked.length = 0;
    await scene.pass(20_000);
    expect(scene.asked.filter((each) => each.includes('uk'))).toEqual([]);
    expect(scene.asked.length).toBeGreaterThan(3);
  });
});

describe('from a failure to the answers', () => {
  test.each([
    { fall: 1, interval: 500, offset: 1 },
    { fall: 1, interval: 5000, offset: 4999 },
    { fall: 3, interval: 5000, offset: 1 },
    { fall: 3, interval: 5000, offset: 2500 },
    { fall: 10, interval: 1000, offset: 1 },
  ])('it takes $fall intervals of $interval ms at most', async ({ fall, interval, offset }) => {
    for (const random of [0, 0.5, 1]) {
      const scene = new HealthScene();
      scene.random = random;
      await scene.begin([watched('uk', { fall, interval }), 'us']);
      await scene.pass(3 * interval + offset);
      scene.find('uk', 'bad');
      const failed = Date.now();
      while (scene.serving.includes('uk') && Date.now() - failed < 20 * interval) await scene.pass(1);
      expect(Date.now() - failed).toBeLessThanOrEqual(fall * interval + 100);
      expect(scene.log.at(-1)).toContain('datacenter down');
      scene.health.close();
    }
  });

  test('it takes the timeout longer where nothing comes back', async () => {
    const scene = new HealthScene();
    await scene.begin(['uk', 'us']);
    await scene.pass(1);
    scene.find('uk', 'silent');
    await scene.pass(3 * RULES.interval + RULES.timeout);
    expect(scene.serving).toEqual(['us']);
  });

  test('a check that this process had no room for says nothing', async () => {
    const scene = new HealthScene();
    await scene.begin(['uk', 'us']);
    scene.find('uk', 'ours');
    await scene.pass(60_000);
    expect(scene.serving).toEqual(['uk', 'us']);
    expect(scene.limit('uk')).toBe(NO_LIMIT);
  });

  test('and back it takes `rise` good checks', async () => {
    const scene = new HealthScene();
    scene.find('uk', 'bad');
    await scene.begin(['uk', 'us']);
    scene.find('uk', 'well');
    await scene.pass(5000);
    expect(scene.serving).toEqual(['us']);
    await scene.pass(5000);
    expect(scene.serving).toEqual(['uk', 'us']);
    expect(scene.told).toEqual(['uk checking down refused', 'us checking up', 'uk down up']);
  });
});

describe('the version of the table', () => {
  test('is another one after each change, and the same without', async () => {
    const scene = new HealthScene();
    await scene.begin(['uk', 'us']);
    const { version } = scene.table;
    await scene.pass(60_000);
    expect(scene.table.version).toBe(version);
    scene.health.said('uk', { admin: 'drain' });
    expect(scene.table.version).toBe(version + 1);
    scene.health.said('uk', { admin: 'down' });
    expect(scene.table.version).toBe(version + 1);
  });
});

describe('the limit of TTLs', () => {
  test('is there while a change is pending, follows the time, and goes', async () => {
    const scene = new HealthScene();
    await scene.begin([watched('uk', { interval: 20_000 }), 'us']);
    expect(scene.limit('uk')).toBe(NO_LIMIT);
    scene.find('uk', 'bad');
    await scene.pass(20_000);
    expect(scene.limit('uk')).toBe(40);
    await scene.pass(10_000);
    expect(scene.limit('uk')).toBe(30);
    await scene.pass(10_000);
    expect(scene.limit('uk')).toBe(20);
    await scene.pass(19_000);
    expect(scene.limit('uk'), 'not less than 5 s').toBe(5);
    await scene.pass(1000);
    expect({ serving: scene.serving, limit: scene.limit('uk') }).toEqual({ serving: ['us'], limit: NO_LIMIT });
    scene.find('uk', 'well');
    await scene.pass(20_000);
    expect(scene.limit('uk'), 'also on the way back').toBe(20);
    await scene.pass(20_000);
    expect({ serving: scene.serving, limit: scene.limit('uk') }).toEqual({ serving: ['uk', 'us'], limit: NO_LIMIT });
  });

  test('is the rest of the time that an operator gave', async () => {
    const scene = new HealthScene();
    await scene.begin(['uk', 'us']);
    scene.health.said('uk', { admin: 'drain', expires: 60_000 });
    expect(scene.limit('uk')).toBe(60);
    await scene.pass(30_000);
    expect(scene.limit('uk')).toBe(30);
    expect(scene.health.standings()[0]).toMatchObject({ effective: 'drain', ttlLimit: 30 });
  });
});

describe("this node's own datacenter", () => {
  test('is known by the node, and asked by nobody', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk'], { own: 'us' });
    expect(scene.asked.some((each) => each.includes('//us'))).toBe(false);
    expect(scene.health.standings()[0]).toMatchObject({ own: true, observed: { health: 'up' }, effective: 'serving' });
  });

  test('leaves the answers at once when somebody has it looked at, and within a second anyway', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk'], { own: 'us' });
    scene.own = { problems: [], draining: true };
    scene.health.look();
    expect(scene.serving).toEqual(['uk']);
    expect(scene.health.standings()[0]).toMatchObject({ effective: 'drain', observed: { health: 'up' } });
    scene.own = { problems: ['no-workers'], draining: false };
    await scene.pass(1000);
    expect(scene.health.standings()[0]).toMatchObject({
      effective: 'down',
      observed: { health: 'down', problem: 'no-workers', since: 1000 },
    });
    scene.own = { problems: [], draining: false };
    await scene.pass(1000);
    expect(scene.serving).toEqual(['us', 'uk']);
    expect(scene.told).toEqual(['us checking up', 'uk checking up', 'us up down no-workers', 'us down up']);
  });

  test('obeys an operator as any other', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk'], { own: 'us' });
    scene.health.said('us', { admin: 'down' });
    expect(scene.serving).toEqual(['uk']);
  });
});

describe('the word of an operator', () => {
  test('holds for a datacenter that comes later, also before its generation is in force', async () => {
    const scene = new HealthScene();
    await scene.begin(['us']);
    scene.health.said('uk', { admin: 'drain' });
    const { commit } = scene.prepare(['us', 'uk']);
    expect(scene.serving).toEqual(['us']);
    commit();
    expect(scene.serving).toEqual(['us']);
  });

  test('does not end checks, and what they say counts when it is over', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk']);
    scene.health.said('uk', { admin: 'drain' });
    scene.find('uk', 'bad');
    await scene.pass(20_000);
    expect(scene.health.standings()[1]).toMatchObject({ effective: 'drain', observed: { health: 'down' } });
    scene.health.said('uk', undefined);
    expect(scene.serving).toEqual(['us']);
  });

  test.each([
    { name: 'takes the last one of some record', drained: 'uk', choices: [['us', 'uk'], ['uk']], emptied: ['uk'] },
    { name: 'leaves each record one', drained: 'uk', choices: [['us', 'uk'], ['us']], emptied: undefined },
    { name: 'takes one that nobody chooses', drained: 'uk', choices: [['us']], emptied: undefined },
  ])('that $name', async ({ drained, choices, emptied }) => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk'], { choices });
    expect(scene.health.emptied(drained, { admin: 'drain' })).toEqual(emptied);
  });

  test('may be anything where nobody is left anyway', async () => {
    const scene = new HealthScene();
    scene.find('us', 'bad');
    scene.find('uk', 'bad');
    await scene.begin(['us', 'uk']);
    expect(scene.health.emptied('uk', { admin: 'drain' })).toBeUndefined();
  });
});

describe('when all that a record chooses among are out', () => {
  test('it is told once, and once when that is over', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk', 'au'], {
      choices: [
        ['us', 'uk'],
        ['uk', 'us'],
        ['us', 'uk', 'au'],
      ],
    });
    scene.told.length = 0;
    scene.find('us', 'bad');
    scene.find('uk', 'bad');
    await scene.pass(30_000);
    expect(scene.told.filter((each) => each.includes('open'))).toEqual(['us,uk open']);
    expect(scene.health.failingOpen()).toEqual([['us', 'uk']]);
    expect(scene.log.filter((each) => each.includes('as if all were'))).toHaveLength(1);
    scene.find('uk', 'well');
    await scene.pass(10_000);
    expect(scene.told.at(-1)).toBe('us,uk no longer open');
    expect(scene.health.failingOpen()).toEqual([]);
  });
});

describe('a reload', () => {
  test('leaves what is asked for as before as it is, at other positions', async () => {
    const scene = new HealthScene();
    scene.find('uk', 'bad');
    await scene.begin(['us', 'uk']);
    scene.find('uk', 'well');
    const before = scene.table;
    const { commit, checked } = scene.prepare(['au', 'uk', 'us']);
    expect(await isDone(checked)).toBe(true);
    expect(scene.serving, 'one good check of it does not bring it back').toEqual(['au', 'us']);
    commit();
    await scene.pass(10_000);
    expect(scene.serving).toEqual(['au', 'uk', 'us']);
    expect([...before.inService], 'the former table is left alone').toEqual([1, 0]);
  });

  test('until it is in force both tables are kept right', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk']);
    const before = scene.table;
    scene.prepare(['uk', 'us']);
    scene.health.said('uk', { admin: 'down' });
    expect([[...before.inService], [...scene.table.inService]]).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test('checks anew what is asked for elsewhere', async () => {
    const scene = new HealthScene();
    scene.find('uk', 'bad');
    await scene.begin(['us', 'uk']);
    const { commit, checked } = scene.prepare(['us', watched('uk', { urls: ['https://elsewhere.test/'] })]);
    await isDone(checked);
    commit();
    expect(scene.serving).toEqual(['us', 'uk']);
  });

  test('with other rules judges by those from then on', async () => {
    const scene = new HealthScene();
    await scene.begin(['us', 'uk']);
    scene.prepare(['us', watched('uk', { fall: 1, interval: 1000 })]).commit();
    scene.find('uk', 'bad');
    await scene.pass(1000);
    expect(scene.serving).toEqual(['us']);
  });
});

test('nobody is told anything once it is closed', async () => {
  const scene = new HealthScene();
  await scene.begin(['us', 'uk']);
  scene.health.close();
  scene.told.length = 0;
  scene.find('uk', 'bad');
  await scene.pass(60_000);
  expect(scene.told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
