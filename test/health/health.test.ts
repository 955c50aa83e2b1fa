import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcomes } from '../../src/health/evidence.ts';
import { Health } from '../../src/health/health.ts';
import { type Observed, usable } from '../../src/health/observed.ts';
import type { OutlierSettings, WatchedPool } from '../../src/health/settings.ts';
import { eventLevels } from '../../src/observe/event-forward.ts';
import type { Observed as OperatorsObserved } from '../../src/operator/model.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';

const OUTLIER: OutlierSettings = {
  failures: 5,
  error_rate: 0.5,
  min_requests: 20,
  window: 10_000,
  eject_for: 30_000,
  max_eject_for: 300_000,
  max_ejected: 0.5,
};

type Changes = Partial<Omit<WatchedPool, 'origins'>> & { readonly urls?: Readonly<Record<string, string>> };

/** A pool `app` of origins called a, b, c, d, with slots 0, 1, …, unless told otherwise. */
function pool(names: string, { urls = {}, ...changes }: Changes = {}): WatchedPool {
  return {
    name: 'app',
    health_check: 'off',
    outlier: OUTLIER,
    slow_start: 0,
    tls: { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined },
    origins: [...names].map((name) => ({
      key: `app/${name}`,
      name,
      slot: name.charCodeAt(0) - 97,
      url: urls[name] ?? `http://${name}.invalid`,
    })),
    ...changes,
  };
}

interface Happened {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The health of a pool whose requests the test makes up. */
class Scene {
  readonly health: Health;
  readonly events: Happened[] = [];
  readonly changes: [key: string, observed: Observed][] = [];
  readonly ignored = new Set<string>();
  readonly slowStarts = new Map<string, number>();
  readonly #counts = new Map<number, Outcomes>();
  #onNews = () => {};

  constructor(first: WatchedPool) {
    this.health = new Health({
      pools: [first],
      outcomes: (slot) => this.#countsOf(slot),
      ignoresErrors: (key) => this.ignored.has(key),
      slowStart: (key) => this.slowStarts.get(key),
      onChange: (key, observed) => {
        this.changes.push([key, observed]);
        this.#onNews();
      },
      now: () => Date.now(),
      log: eventLevels(({ event, fields }) => this.events.push({ event, ...fields })),
      random: () => 0.5,
    });
    atTeardown(() => this.health.close());
  }

  good(name: string, count = 1): this {
    const { responses, failures } = this.#countsOf(name.charCodeAt(0) - 97);
    this.#counts.set(name.charCodeAt(0) - 97, { responses: responses + count, failures, consecutiveFailures: 0 });
    return this;
  }

  bad(name: string, count = 1): this {
    const slot = name.charCodeAt(0) - 97;
    const { responses, failures, consecutiveFailures: row } = this.#countsOf(slot);
    const counts = { responses: responses + count, failures: failures + count, consecutiveFailures: row + count };
    this.#counts.set(slot, counts);
    return this;
  }

  /** As workers wake control. */
  trouble(name: string): this {
    this.health.trouble(name.charCodeAt(0) - 97);
    return this;
  }

  usable(name: string): string | undefined {
    const observed = this.health.observed(`app/${name}`);
    return observed && usable(observed);
  }

  /** What each one of `names` is. */
  all(names: string): (string | undefined)[] {
    return [...names].map((name) => this.usable(name));
  }

  /** Resolves when an origin is seen to be as `fits` says. */
  async until(name: string, wanted: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onNews = () => this.usable(name) === wanted && resolve();
    this.#onNews();
    await within(promise, () => `${name} to be ${wanted}, it is ${this.usable(name)}`);
  }

  #countsOf(slot: number): Outcomes {
    return this.#counts.get(slot) ?? { responses: 0, failures: 0, consecutiveFailures: 0 };
  }
}

const pass = (ms: number) => vi.advanceTimersByTime(ms);

test('what is observed is what operators are told', () => {
  const observed: Observed | undefined = new Scene(pool('a')).health.observed('app/a');
  const told: OperatorsObserved | undefined = observed;
  expect(told).toMatchObject({ health: 'unknown', warmth: 1 });
});

describe('requests that fail', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('in a row have an origin ejected at once, and the log says why and until when', () => {
    const scene = new Scene(pool('ab'));
    scene.bad('a', 5).trouble('a');
    expect(scene.all('ab')).toEqual(['ejected', 'up']);
    expect(scene.events).toEqual([
      {
        event: 'origin ejected',
        pool: 'app',
        origin: 'a',
        why: '5 requests failed in a row',
        until: '2023-11-14T22:13:50.000Z',
      },
    ]);
    expect(scene.changes.map(([key]) => key)).toEqual(['app/a', 'app/b', 'app/a']);
  });

  test('in a row are found within a second when nobody calls', () => {
    const scene = new Scene(pool('ab'));
    scene.bad('a', 5);
    pass(1000);
    expect(scene.usable('a')).toBe('ejected');
  });

  test('by their share are found within a second', () => {
    const scene = new Scene(pool('ab'));
    for (let i = 0; i < 15; i++) scene.bad('a', 1).good('a', 1);
    pass(1000);
    expect(scene.all('ab')).toEqual(['ejected', 'up']);
    expect(scene.events[0]?.why).toBe('15 of 30 requests failed within 1s');
  });

  test('have no more ejected than the pool can do without; the next one when there is room again', () => {
    const scene = new Scene(pool('abc'));
    scene.bad('a', 5).trouble('a').bad('b', 5).trouble('b');
    expect(scene.all('abc')).toEqual(['ejected', 'up', 'up']);
    pass(30_000);
    expect(scene.all('abc')).toEqual(['trial', 'ejected', 'up']);
  });

  test('of the only origin have nobody ejected', () => {
    const scene = new Scene(pool('a'));
    scene.bad('a', 50).trouble('a');
    pass(5000);
    expect(scene.usable('a')).toBe('up');
    expect(scene.events).toEqual([]);
  });

  test('do not matter where outlier is off', () => {
    const scene = new Scene(pool('ab', { outlier: 'off' }));
    scene.bad('a', 50).trouble('a');
    pass(5000);
    expect(scene.usable('a')).toBe('up');
  });

  test('do not matter where an operator says so, and an ejection ends with that', () => {
    const scene = new Scene(pool('ab'));
    scene.ignored.add('app/b');
    scene.bad('b', 50).trouble('b').bad('a', 5).trouble('a');
    expect(scene.all('ab')).toEqual(['ejected', 'up']);
    scene.ignored.add('app/a');
    pass(1000);
    expect(scene.all('ab')).toEqual(['up', 'up']);
    // What failed meanwhile is not held against it later.
    scene.ignored.clear();
    pass(2000);
    expect(scene.all('ab')).toEqual(['up', 'up']);
  });

  test('at a row that nobody has are nobody’s', () => {
    expect(() => new Scene(pool('a')).health.trouble(4711)).not.toThrow();
  });
});

describe('a trial', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function onTrial(): Scene {
    const scene = new Scene(pool('ab'));
    scene.bad('a', 5).trouble('a');
    pass(30_000);
    expect(scene.usable('a')).toBe('trial');
    return scene;
  }

  test('goes on for as long as there is no request', () => {
    const scene = onTrial();
    pass(600_000);
    expect(scene.usable('a')).toBe('trial');
  });

  test('is stood with a request that succeeds, which is seen soon', () => {
    const scene = onTrial().good('a');
    pass(100);
    expect(scene.usable('a')).toBe('up');
    expect(scene.events.at(-1)).toEqual({
      event: 'origin returned',
      pool: 'app',
      origin: 'a',
      why: 'a request succeeded',
    });
    pass(60_000);
    expect(scene.usable('a')).toBe('up');
  });

  test('that fails is followed by a longer ejection, at once when somebody calls', () => {
    const scene = onTrial().bad('a').trouble('a');
    expect(scene.usable('a')).toBe('ejected');
    pass(59_999);
    expect(scene.usable('a')).toBe('ejected');
    pass(1);
    expect(scene.usable('a')).toBe('trial');
    scene.bad('a');
    pass(100);
    expect(scene.usable('a')).toBe('ejected');
  });

  test('goes on after a failure when the pool cannot do without the origin', () => {
    const scene = onTrial().bad('b', 5).trouble('b');
    expect(scene.all('ab')).toEqual(['trial', 'ejected']);
    scene.bad('a').trouble('a');
    pass(1000);
    expect(scene.all('ab')).toEqual(['trial', 'ejected']);
    scene.good('a').trouble('a');
    expect(scene.all('ab')).toEqual(['up', 'ejected']);
  });
});

test('an operator who puts an origin back ends its ejection, and its failures are forgotten', () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  atTeardown(() => vi.useRealTimers());
  const scene = new Scene(pool('ab', { slow_start: 20_000 }));
  scene.bad('a', 5).trouble('a');
  scene.health.enabled('app/a');
  scene.health.enabled('app/nobody');
  expect(scene.health.observed('app/a')).toMatchObject({ ejectedUntil: undefined, trial: false, warmth: 0.05 });
  const told: number[] = [];
  for (let i = 0; i < 20; i++) {
    pass(1000);
    told.push(scene.changes.at(-1)?.[1].warmth as number);
  }
  expect(told).toEqual(Array.from({ length: 20 }, (_, step) => (step + 1) / 20));
  const { length } = scene.changes;
  pass(60_000);
  expect(scene.changes).toHaveLength(length);
});

test('an origin warms up as an operator says of it, and not as its pool does', () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  atTeardown(() => vi.useRealTimers());
  const scene = new Scene(pool('abc', { slow_start: 20_000 }));
  scene.slowStarts.set('app/a', 0).set('app/b', 2000);
  for (const key of ['app/a', 'app/b', 'app/c']) scene.health.enabled(key);
  const warmth = () => ['a', 'b', 'c'].map((name) => scene.health.observed(`app/${name}`)?.warmth);
  expect(warmth()).toEqual([1, 0.05, 0.05]);
  pass(2000);
  expect(warmth()).toEqual([1, 1, 0.1]);
});

describe('a reload', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('lets what is known of an origin be known, and forgets one that is gone', () => {
    const scene = new Scene(pool('abcd'));
    scene.bad('a', 5).trouble('a');
    scene.health.update([pool('abc')]);
    expect(scene.all('abcd')).toEqual(['ejected', 'up', 'up', undefined]);
    expect(() => scene.bad('d', 5).trouble('d')).not.toThrow();
    pass(30_000);
    expect(scene.usable('a')).toBe('trial');
    scene.health.update([pool('abcd')]);
    expect(scene.all('abcd')).toEqual(['trial', 'up', 'up', 'up']);
  });

  test('begins anew with an origin whose url is another, and tells of it', () => {
    const scene = new Scene(pool('ab'));
    scene.bad('a', 5).trouble('a');
    scene.health.update([pool('ab', { urls: { a: 'http://elsewhere.invalid' } })]);
    expect(scene.usable('a')).toBe('up');
    expect(scene.changes.at(-1)?.[0]).toBe('app/a');
    pass(60_000);
    expect(scene.usable('a')).toBe('up');
  });

  test('warms up what joins, not what was there', () => {
    const scene = new Scene(pool('a', { slow_start: 20_000 }));
    scene.health.update([pool('ab', { slow_start: 20_000 })]);
    expect(scene.health.observed('app/a')?.warmth).toBe(1);
    expect(scene.health.observed('app/b')?.warmth).toBe(0.05);
  });

  test('to a smaller pool has those return that are too many', () => {
    const scene = new Scene(pool('abcd'));
    scene.bad('a', 5).trouble('a');
    pass(1000);
    scene.bad('b', 5).trouble('b');
    expect(scene.all('abcd')).toEqual(['ejected', 'ejected', 'up', 'up']);
    scene.health.update([pool('abc')]);
    expect(scene.all('abc')).toEqual(['up', 'ejected', 'up']);
    expect(scene.events.at(-1)).toMatchObject({ event: 'origin returned', origin: 'a' });
  });

  test('without ejections ends those that there are', () => {
    const scene = new Scene(pool('ab'));
    scene.bad('a', 5).trouble('a');
    scene.health.update([pool('ab', { outlier: 'off' })]);
    expect(scene.usable('a')).toBe('up');
  });

  test('with ejections from now on does not go by what failed before', () => {
    const scene = new Scene(pool('ab', { outlier: 'off' }));
    scene.bad('a', 50);
    pass(60_000);
    scene.health.update([pool('ab')]);
    scene.trouble('a');
    pass(5000);
    expect(scene.usable('a')).toBe('up');
    scene.bad('a', 5).trouble('a');
    expect(scene.usable('a')).toBe('ejected');
  });

  test('may give an origin another row: what was counted in the other is not held against it', () => {
    const scene = new Scene(pool('ab'));
    scene.bad('d', 50);
    const moved = pool('ab');
    scene.health.update([{ ...moved, origins: moved.origins.map((each) => ({ ...each, slot: each.slot + 3 })) }]);
    pass(1000);
    expect(scene.usable('a')).toBe('up');
    scene.bad('d', 5).trouble('d');
    expect(scene.usable('a')).toBe('ejected');
  });
});

test('after its end nothing is told, and no timer is left', () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  atTeardown(() => vi.useRealTimers());
  const scene = new Scene(pool('ab', { slow_start: 1000 }));
  scene.bad('a', 5).trouble('a');
  scene.health.enabled('app/b');
  const { length } = scene.changes;
  scene.health.close();
  expect(vi.getTimerCount()).toBe(0);
  scene.bad('b', 5).trouble('b');
  expect(scene.changes).toHaveLength(length);
});

describe('checks', () => {
  const CHECKS = {
    type: 'http',
    path: '/healthz',
    method: 'GET',
    interval: 20,
    timeout: 2000,
    rise: 2,
    fall: 2,
    expect: [[200, 399]],
    initial: 'checking',
    jitter: 0,
  } as const;
  const BROKEN = () => answer('', { status: '500 Internal Server Error' });

  test('bring an origin into service, take it out and back, and the log tells of just that', async () => {
    const origin = await startOrigin();
    const scene = new Scene(pool('a', { health_check: CHECKS, urls: { a: origin.url } }));
    expect(scene.usable('a')).toBe('checking');
    await scene.until('a', 'up');
    origin.script = BROKEN;
    await scene.until('a', 'down');
    expect(scene.health.observed('app/a')?.problem).toBe('expected status 200-399, got 500');
    origin.script = () => answer('ok');
    await scene.until('a', 'up');
    const which = { pool: 'app', origin: 'a' };
    expect(scene.events).toEqual([
      { event: 'origin up', ...which },
      { event: 'origin down', ...which, problem: 'expected status 200-399, got 500' },
      { event: 'origin up', ...which },
    ]);
  });

  test('of half a pool that is bad, in whatever way, leave the other half alone', async () => {
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(() => startOrigin()));
    const urls = { a: a?.url ?? '', b: b?.url ?? '', c: c?.url ?? '', d: d?.url ?? '', e: await refusingOrigin() };
    const scene = new Scene(pool('abcde', { health_check: { ...CHECKS, timeout: 500 }, urls }));
    for (const name of 'abcd') await scene.until(name, 'up');
    await scene.until('e', 'down');
    if (a && b) [a.script, b.script] = [BROKEN, () => undefined];
    await scene.until('a', 'down');
    await scene.until('b', 'down');
    expect(scene.all('abcde')).toEqual(['down', 'down', 'up', 'up', 'down']);
    expect([...'abe'].map((name) => scene.health.observed(`app/${name}`)?.problem)).toEqual([
      'expected status 200-399, got 500',
      'no answer within 500ms',
      'connection refused',
    ]);
  });

  test('go on over a reload that changes nothing of them, and what they found stays', async () => {
    const origin = await startOrigin(BROKEN);
    const other = await startOrigin();
    const urls = { a: origin.url, b: other.url };
    const scene = new Scene(pool('a', { health_check: CHECKS, urls }));
    await scene.until('a', 'down');
    scene.health.update([pool('ab', { health_check: CHECKS, urls })]);
    expect(scene.all('ab')).toEqual(['down', 'checking']);
    await scene.until('b', 'up');
    scene.health.update([pool('ab', { health_check: { ...CHECKS, path: '/other' }, urls })]);
    expect(scene.all('ab')).toEqual(['down', 'up']);
    await other.requestFor('/other');
    scene.health.update([pool('ab', { urls })]);
    expect(scene.all('ab')).toEqual(['up', 'up']);
    expect(scene.health.observed('app/a')).toMatchObject({ health: 'unknown', problem: undefined });
  });

  test('are made at once when an operator puts an origin back', async () => {
    const origin = await startOrigin();
    const scene = new Scene(pool('a', { health_check: { ...CHECKS, interval: 3_600_000 }, urls: { a: origin.url } }));
    await scene.until('a', 'up');
    scene.health.enabled('app/a');
    await origin.arrivals.waitFor(() => true, { from: 1 });
  });
});
