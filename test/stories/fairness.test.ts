import { describe, expect, test } from 'vitest';
import { answer, type startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { type Ailing, answerers, CHECKS, healthScene, type Scene, tally } from './health-scene.ts';

/** Who gets how much, on a node where operators and health change who is there. */

describe('round robin is exact over all workers, from each change on', () => {
  test.each([2, 4])('of weight, state and health, with %i workers', async (workers) => {
    const pool = { health_check: CHECKS, outlier: 'off' };
    const origins = [{ weight: 5 }, { weight: 3 }, { weight: 2 }];
    const { portico, admin, ailing } = await healthScene(3, { pool, origins, node: { workers } });
    await admin.poolWhere((each) => each.origins.every(({ health }) => health === 'up'));
    expect(await answerers(portico, 100)).toEqual({ app0: 50, app1: 30, app2: 20 });
    await admin.patch('app0', { weight: 1 });
    expect(await answerers(portico, 60)).toEqual({ app0: 10, app1: 30, app2: 20 });
    await admin.state('app1', 'drain');
    expect(await answerers(portico, 60)).toEqual({ app0: 20, app2: 40 });
    (ailing[0] as Ailing).checks = '500';
    await admin.originWhere('app0', ({ health }) => health === 'down');
    expect(await answerers(portico, 20)).toEqual({ app2: 20 });
    await admin.state('app1', 'active');
    expect(await answerers(portico, 50)).toEqual({ app1: 30, app2: 20 });
    await admin.patch('app0', { weight: null });
    (ailing[0] as Ailing).checks = 'well';
    await admin.originWhere('app0', ({ health }) => health === 'up');
    expect(await answerers(portico, 100)).toEqual({ app0: 50, app1: 30, app2: 20 });
  });

  test('and smooth: the turns of a heavy origin are spread over the cycle', async () => {
    const { portico, admin } = await healthScene(3);
    await admin.patch('app0', { weight: 5 });
    const order: string[] = [];
    for (let i = 0; i < 14; i++) order.push((await fetchRaw(portico.port(), '/')).body);
    // As nginx has it for 5, 1, 1; it may begin anywhere in the cycle.
    const cycle = ['app0', 'app0', 'app1', 'app0', 'app2', 'app0', 'app0'].join(' ');
    expect(`${cycle} ${cycle} ${cycle}`).toContain(order.join(' '));
  });
});

test('least-requests keeps a slow origin out of the 99th percentile, while an operator drains one of the others', async () => {
  const { portico, admin, ailing } = await healthScene(5, { pool: { balance: 'least-requests', outlier: 'off' } });
  for (const each of ailing) each.origin.script = taking(5, each.name);
  (ailing[2] as Ailing).origin.script = taking(2000, 'app2');
  const drained = admin.state('app4', 'drain');
  const taken = await clients(24, 120, async () => {
    const begun = performance.now();
    const { status, body } = await fetchRaw(portico.port(), '/');
    return { status, body, time: performance.now() - begun };
  });
  await drained;
  expect(taken.every(({ status }) => status === 200)).toBe(true);
  expect(p99(taken.map(({ time }) => time))).toBeLessThan(1000);
  expect(taken.filter(({ body }) => body === 'app2').length / taken.length).toBeLessThan(0.01);
});

test('consistent-hash moves no more than 1/n + 10 % of the keys when one is lost, and they come back with it', async () => {
  const pool = { balance: 'consistent-hash', health_check: CHECKS, outlier: 'off' };
  const { portico, admin, ailing } = await healthScene(5, { pool });
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  const paths = Array.from({ length: 300 }, (_, i) => `/products/${i}`);
  const homes = async () => {
    const found: string[] = [];
    for (const path of paths) found.push((await fetchRaw(portico.port(), path)).body);
    return found;
  };
  const before = await homes();
  (ailing[3] as Ailing).checks = '500';
  await admin.originWhere('app3', ({ health }) => health === 'down');
  const moved = (await homes()).filter((home, i) => home !== before[i]);
  expect(moved.length).toBeGreaterThan(0);
  expect(moved.length / paths.length).toBeLessThanOrEqual(1 / 5 + 0.1);
  (ailing[3] as Ailing).checks = 'well';
  await admin.originWhere('app3', ({ health }) => health === 'up');
  expect(await homes()).toEqual(before);
});

test('max_in_flight holds for each origin while one is drained, fails and comes back, and the queue tells who had no place', async () => {
  const pool = { max_in_flight: 2, queue: { size: 4, timeout: '150ms' }, health_check: CHECKS, outlier: 'off' };
  const { portico, admin, ailing } = await healthScene(3, { pool });
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  const most = ailing.map((each) => watchMost(each));
  const load = clients(20, 30, () => fetchRaw(portico.port(), '/'));
  await admin.state('app0', 'drain');
  (ailing[1] as Ailing).checks = '500';
  await admin.originWhere('app1', ({ health }) => health === 'down');
  await admin.state('app0', 'active');
  (ailing[1] as Ailing).checks = 'well';
  await admin.originWhere('app1', ({ health }) => health === 'up');
  const statuses = tally((await load).map(({ status }) => String(status)));
  expect(Object.keys(statuses).sort()).toEqual(['200', '503']);
  expect(Math.max(...most.map((each) => each()))).toBe(2);
  await portico.accessLog.count(600);
  const errors = tally(portico.accessLog.all.map(({ error }) => String(error ?? 'none')));
  expect(errors.none ?? 0).toBe(statuses['200'] ?? 0);
  expect((errors.queue_full ?? 0) + (errors.queue_timeout ?? 0)).toBe(statuses['503'] ?? 0);
  expect(errors.queue_full).toBeGreaterThan(0);
  await admin.poolWhere(({ queued, origins }) => queued === 0 && origins.every(({ inFlight }) => inFlight === 0));
});

test('retries keep to their budget when all origins fail, while an operator drains one', async () => {
  const budget = 0.2;
  const pool = { retries: { attempts: 3, budget: '20%' }, outlier: { max_ejected: '100%' } };
  const scene = await healthScene(4, { pool });
  const { portico, admin, ailing } = scene;
  for (const each of ailing) each.requests = 'reset';
  const load = clients(10, 40, () => fetchRaw(portico.port(), '/'));
  await admin.state('app3', 'drain');
  const statuses = tally((await load).map(({ status }) => String(status)));
  expect(statuses).toEqual({ 502: 400 });
  expect(asked(scene)).toBeGreaterThan(400);
  // The allowance of ten, in which two workers may go one too far; and once more, should the load last for long.
  expect(asked(scene)).toBeLessThanOrEqual((1 + budget) * 400 + 2 * (10 + 1));
});

function asked({ ailing }: Scene): number {
  return ailing.reduce((sum, each) => sum + each.asked, 0);
}

/** So many at once, one request after the other. */
async function clients<T>(count: number, each: number, ask: () => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  const client = async () => {
    for (let i = 0; i < each; i++) answers.push(await ask());
  };
  await Promise.all(Array.from({ length: count }, client));
  return answers;
}

/** Has requests take a moment, and counts how many there are at once. */
function watchMost({ origin, name }: Ailing): () => number {
  let [now, most] = [0, 0];
  const { script } = origin;
  origin.script = (request) => (request.target === CHECKS.path ? script(request) : counted(request.arrived));
  async function* counted(arrived: Promise<unknown>) {
    now += 1;
    most = Math.max(most, now);
    await arrived;
    await new Promise((resolve) => setTimeout(resolve, 15));
    now -= 1;
    yield answer(name);
  }
  return () => most;
}

function taking(time: number, name: string): Parameters<typeof startOrigin>[0] & object {
  return async function* ({ arrived }) {
    await arrived;
    await new Promise((resolve) => setTimeout(resolve, time));
    yield answer(name);
  };
}

function p99(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] as number;
}
