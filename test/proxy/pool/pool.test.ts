import { describe, expect, test } from 'vitest';
import type { OriginPlan, PoolPlan } from '../../../src/proxy/plan.ts';
import { Admission } from '../../../src/proxy/pool/admission.ts';
import type { Balanced } from '../../../src/proxy/pool/balance/policy.ts';
import { Origin } from '../../../src/proxy/pool/origin.ts';
import { type Chosen, Pool } from '../../../src/proxy/pool/pool.ts';
import type { Standing } from '../../../src/proxy/pool/standing.ts';
import { UnderWay } from '../../../src/proxy/pool/under-way.ts';
import { OriginTable } from '../../../src/workers/origin-table.ts';
import { type OriginSketch, planOf, WELL } from './pool-plan.ts';
import { parseHead } from './request.ts';

type Changes = Omit<Partial<PoolPlan>, 'origins'> & { readonly origins?: readonly OriginSketch[] };

const REQUEST: Balanced = { head: parseHead('/'), client: { address: '192.0.2.1' } };

/** A pool as each of some workers sees it, and the table as the control plane does. */
function rig(changes: Changes, workers = 1) {
  const memory = OriginTable.allocate(workers);
  const plan = planOf(changes);
  const pools = Array.from({ length: workers }, (_, worker) => {
    const origins = plan.origins.map((origin) => new Origin(origin, plan));
    return new Pool(plan, origins, new UnderWay(new OriginTable(memory, workers, worker)));
  });
  const control = new OriginTable(memory, workers);
  const set = (slot: number, change: Partial<Standing>) => control.setStanding(slot, { ...WELL, ...change });
  return { pool: pools[0] as Pool, pools, control, set };
}

function weighted(...weights: number[]): Changes {
  return { origins: weights.map((weight) => ({ weight })) };
}

function nameOf(chosen: Chosen): string | undefined {
  return chosen instanceof Admission ? chosen.origin.name : chosen;
}

/** The origins of so many requests, each of which is over before the next. */
function names(pool: Pool, count: number, request = REQUEST): (string | undefined)[] {
  return Array.from({ length: count }, () => {
    const chosen = pool.choose(request, []);
    if (chosen instanceof Admission) chosen.leave();
    return nameOf(chosen);
  });
}

describe('a pool', () => {
  test('gives each request the next origin in turn', () => {
    expect(names(rig(weighted(2, 1)).pool, 6)).toEqual(['app0', 'app1', 'app0', 'app0', 'app1', 'app0']);
  });

  test('is one pool over all workers: their turns are those of one cursor', () => {
    const [first, second] = rig(weighted(1, 1, 1), 2).pools as [Pool, Pool];
    const turns = [first, second, second, first, second, first].map((each) => names(each, 1)[0]);
    expect(turns).toEqual(['app0', 'app1', 'app2', 'app0', 'app1', 'app2']);
  });

  test('gives a request that failed an origin that it has not been at, until there is none', () => {
    const { pool } = rig(weighted(1, 5, 1));
    const tried: Origin[] = [];
    for (let i = 0; i < 3; i++) tried.push((pool.choose(REQUEST, tried) as Admission).origin);
    expect(new Set(tried).size).toBe(3);
    expect(pool.choose(REQUEST, tried)).toBeUndefined();
  });

  test('of one origin has nobody else to ask', () => {
    const { pool } = rig(weighted(7));
    const only = pool.choose(REQUEST, []) as Admission;
    expect(nameOf(only)).toBe('app0');
    expect(pool.choose(REQUEST, [only.origin])).toBeUndefined();
  });

  test('takes retries out of its own budget', () => {
    const { pool, control } = rig({ retries: { attempts: 2, budget: 0 } });
    const taken = Array.from({ length: 30 }, () => pool.takeRetry()).filter(Boolean).length;
    expect(taken).toBe(10);
    expect(control.takeRetry(4, 0)).toBe(true);
  });
});

describe('how origins stand', () => {
  test('is known to the very next choice of every worker', () => {
    const { pools, set } = rig(weighted(1, 1), 3);
    for (const pool of pools) names(pool, 2);
    set(0, { admits: 'none' });
    for (const pool of pools) expect(names(pool, 3)).toEqual(['app1', 'app1', 'app1']);
    set(0, {});
    for (const pool of pools) expect(new Set(names(pool, 2)).size).toBe(2);
  });

  test('decides also about a choice during which it changes: who was seen to be empty stays so', () => {
    const { pool, control, set } = rig(weighted(1, 1));
    const { counters } = pool;
    const enter = counters.enter.bind(counters);
    let seen: number | undefined;
    counters.enter = (slot, most) => {
      if (slot === 0 && seen === undefined) {
        set(0, { admits: 'none' });
        seen = control.inFlight(0);
      }
      return enter(slot, most);
    };
    expect(nameOf(pool.choose(REQUEST, []))).toBe('app1');
    expect([seen, control.inFlight(0), control.inFlight(1)]).toEqual([0, 0, 1]);
  });

  test('shares requests by the weights of now', () => {
    const { pool, set } = rig(weighted(1, 1));
    set(1, { weight: 25 });
    const shares = names(pool, 100);
    expect(shares.filter((name) => name === 'app1')).toHaveLength(20);
  });

  test('is as the plan says where nobody has said anything else', () => {
    const checking = { ...WELL, health: 'checking' } as const;
    const { pool, set } = rig({ origins: [{ standing: checking }, { standing: checking }] });
    expect(names(pool, 1)).toEqual(['wait']);
    set(1, {});
    expect(names(pool, 2)).toEqual(['app1', 'app1']);
  });

  test.each<{ balance: PoolPlan['balance'] }>([
    { balance: 'round-robin' },
    { balance: 'least-requests' },
    { balance: 'ewma' },
    { balance: 'consistent-hash' },
  ])('is heeded by $balance', ({ balance }) => {
    const { pool, set } = rig({ ...weighted(1, 1, 1), balance });
    set(0, { admits: 'known' });
    set(1, { health: 'ejected' });
    expect(new Set(names(pool, 20))).toEqual(new Set(['app2']));
    set(2, { admits: 'none' });
    expect(names(pool, 1)).toEqual(['app1']);
    set(1, { admits: 'none' });
    expect(names(pool, 1)).toEqual([undefined]);
  });
});

describe('max_in_flight', () => {
  test('is kept to over all workers, and then requests wait', () => {
    const { pools, control } = rig({ ...weighted(1, 1), maxInFlight: 2 }, 2);
    const chosen = Array.from({ length: 6 }, (_, i) => (pools[i % 2] as Pool).choose(REQUEST, []));
    expect(chosen.map(nameOf)).toEqual(['app0', 'app1', 'app0', 'app1', 'wait', 'wait']);
    (chosen[1] as Admission).leave();
    expect(nameOf((pools[0] as Pool).choose(REQUEST, []))).toBe('app1');
    expect([control.inFlight(0), control.inFlight(1)]).toEqual([2, 2]);
  });

  test.each<{ balance: PoolPlan['balance'] }>([
    { balance: 'least-requests' },
    { balance: 'ewma' },
    { balance: 'consistent-hash' },
  ])('is kept to by $balance', ({ balance }) => {
    const { pool, control } = rig({ ...weighted(1, 1, 1), balance, maxInFlight: 3 });
    const chosen = Array.from({ length: 12 }, () => nameOf(pool.choose(REQUEST, [])));
    expect(chosen.filter((name) => name === 'wait')).toHaveLength(3);
    expect([0, 1, 2].map((slot) => control.inFlight(slot))).toEqual([3, 3, 3]);
  });

  test('does not make a request wait that has been everywhere', () => {
    const { pool } = rig({ ...weighted(1, 1), maxInFlight: 1 });
    const [one, other] = [pool.choose(REQUEST, []), pool.choose(REQUEST, [])] as [Admission, Admission];
    expect(pool.choose(REQUEST, [one.origin])).toBe('wait');
    expect(pool.choose(REQUEST, [one.origin, other.origin])).toBeUndefined();
  });
});

describe('an origin on trial', () => {
  test('gets one request at a time, over all workers, and the others go elsewhere', () => {
    const { pools, set } = rig(weighted(1, 1), 2);
    set(0, { health: 'trial' });
    const [first, second] = pools as [Pool, Pool];
    const chosen = [first, second, first, second].map((pool) => pool.choose(REQUEST, []));
    expect(chosen.map(nameOf)).toEqual(['app0', 'app1', 'app1', 'app1']);
    (chosen[0] as Admission).leave();
    expect(names(second, 2)).toContain('app0');
  });

  test('takes requests like any other where nobody else is left for them', () => {
    const { pool, set } = rig(weighted(1, 1, 1));
    set(0, { health: 'trial' });
    const [, up, third] = pool.origins as [Origin, Origin, Origin];
    const failedElsewhere = Array.from({ length: 4 }, () => pool.choose(REQUEST, [up, third]));
    expect(failedElsewhere.map(nameOf)).toEqual(Array(4).fill('app0'));
    // It has not been at the third.
    expect(nameOf(pool.choose(REQUEST, [up]))).toBe('app2');
    expect(pool.choose(REQUEST, pool.origins)).toBeUndefined();
    set(1, { health: 'trial' });
    set(2, { health: 'ejected' });
    const all = Array.from({ length: 8 }, () => nameOf(pool.choose(REQUEST, [])));
    expect([...new Set(all)].sort()).toEqual(['app0', 'app1']);
  });

  test('is waited for when another one is only full', () => {
    const { pool, set } = rig({ ...weighted(1, 1), maxInFlight: 1 });
    set(0, { health: 'trial' });
    expect([1, 2, 3].map(() => nameOf(pool.choose(REQUEST, []))).sort()).toEqual(['app0', 'app1', 'wait']);
  });

  test.each([
    { outcome: 'succeeded', act: (admission: Admission) => admission.succeeded(5), told: [1, 0] },
    { outcome: 'failed', act: (admission: Admission) => admission.failed(), told: [0, 1] },
    { outcome: 'was given up', act: () => {}, told: [0, 0] },
  ])('is told that its request $outcome', ({ act, told }) => {
    const { pool, control, set } = rig(weighted(1));
    set(0, { health: 'trial' });
    const admission = pool.choose(REQUEST, []) as Admission;
    act(admission);
    admission.leave();
    const { trialsSucceeded, trialsFailed } = control.outcomes(0);
    expect([trialsSucceeded, trialsFailed]).toEqual(told);
    expect(nameOf(pool.choose(REQUEST, []))).toBe('app0');
  });
});

describe('a client that sticks', () => {
  const sticky = { kind: 'route', name: 'S' } as const;
  const by = (route: string): Balanced => ({ ...REQUEST, head: parseHead('/', ['cookie', `S=1.${route}`]) });

  test('goes to its origin each time, and is counted', () => {
    const { pool, control } = rig({ ...weighted(1, 1, 1), sticky });
    expect(names(pool, 5, by('app2'))).toEqual(Array(5).fill('app2'));
    expect([control.elected(2), control.stickySeen(2), control.stickySeen(0)]).toEqual([5, 5, 0]);
  });

  test('stays while its origin is drained, and others do not come', () => {
    const { pool, set } = rig({ ...weighted(1, 1), sticky });
    set(1, { admits: 'known' });
    expect(names(pool, 3, by('app1'))).toEqual(['app1', 'app1', 'app1']);
    expect(names(pool, 3)).toEqual(['app0', 'app0', 'app0']);
  });

  test.each<[string, Partial<Standing>]>([
    ['in maint', { admits: 'none' }],
    ['down', { health: 'down' }],
    ['ejected', { health: 'ejected' }],
  ])('goes elsewhere when its origin is %s', (_, standing) => {
    const { pool, set } = rig({ ...weighted(1, 1), sticky });
    set(1, standing);
    expect(names(pool, 2, by('app1'))).toEqual(['app0', 'app0']);
  });

  test('goes elsewhere when its origin was tried, and waits for it when it is full', () => {
    const { pool } = rig({ ...weighted(1, 1), sticky, maxInFlight: 1 });
    const admission = pool.choose(by('app1'), []) as Admission;
    expect(pool.choose(by('app1'), [])).toBe('wait');
    expect(nameOf(pool.choose(by('app1'), [admission.origin]))).toBe('app0');
  });

  test('is given a cookie when it has none that leads to where it was sent', () => {
    const own = { kind: 'cookie', name: 'AT', sameSite: 'lax', secure: 'auto', lifetime: undefined } as const;
    const { pool } = rig({ ...weighted(1, 1), sticky: { ...own, key: new Uint8Array(32) } });
    const cookie = pool.stickyCookie(1, REQUEST.head, false) as string;
    expect(cookie).toMatch(/^AT=/);
    const head = parseHead('/', ['cookie', cookie.split(';')[0] as string]);
    expect(names(pool, 3, { ...REQUEST, head })).toEqual(['app1', 'app1', 'app1']);
    expect(pool.stickyCookie(1, head, false)).toBeUndefined();
    expect(pool.stickyCookie(0, head, false)).not.toBe(cookie);
  });
});

describe('an origin', () => {
  const base = planOf({});
  const identity = (changes: Omit<Partial<PoolPlan>, 'origins'> = {}, origin: object = {}) => {
    const changed = planOf(changes);
    return Origin.identity({ ...changed.origins[0], ...origin } as OriginPlan, changed);
  };

  test.each([
    ['nothing', {}],
    ['retries', { retries: { attempts: 5, budget: 0 } }],
    ['the Host it is sent', { hostHeader: 'origin' as const }],
    ['how long it may be silent', { timeouts: { ...base.timeouts, firstByte: 1 } }],
    ['how long tunnels may be', { timeouts: { ...base.timeouts, tunnel: 1 } }],
    ['how many it gets at once', { maxInFlight: 3 }],
  ])('keeps its connections when a reload changes %s', (_, changes) => expect(identity(changes)).toBe(identity()));

  test.each([
    ['its weight, role and set', { standing: { ...WELL, weight: 700, role: 'spare', set: 3 } }],
    ['its route', { route: 'other' }],
  ])('keeps them also when a reload changes %s', (_, origin) => expect(identity({}, origin)).toBe(identity()));

  test.each<[string, Omit<Partial<PoolPlan>, 'origins'>, object]>([
    ['its url', {}, { url: 'http://192.0.2.1:8081' }],
    ['its row', {}, { slot: 9 }],
    ['its name', {}, { name: 'other' }],
    ['how it is trusted', { tls: { ...base.tls, ca: 'PEM' } }, {}],
    ['who we are to it', { tls: { ...base.tls, cert: 'PEM', key: 'PEM' } }, {}],
    ['how long connecting may take', { timeouts: { ...base.timeouts, connect: 1 } }, {}],
    ['how long a connection is kept', { timeouts: { ...base.timeouts, keepAlive: 1 } }, {}],
  ])('begins anew when a reload changes %s', (_, changes, origin) => {
    expect(identity(changes, origin)).not.toBe(identity());
  });

  test.each([
    { url: 'http://192.0.2.1', authority: '192.0.2.1' },
    { url: 'http://192.0.2.1:80', authority: '192.0.2.1' },
    { url: 'https://app.internal:8443', authority: 'app.internal:8443' },
    { url: 'http://[2001:db8::1]:8080', authority: '[2001:db8::1]:8080' },
  ])('is asked by the Host of its url, if by its own: $url', ({ url, authority }) => {
    expect(new Origin({ ...(base.origins[0] as OriginPlan), url }, base).authority).toBe(authority);
  });
});
