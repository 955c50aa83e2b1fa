import { expect, test } from 'vitest';
import { type Ailing, answerers, CHECKS, healthScene } from './health-scene.ts';

/** An origin that comes back is led to its whole share over `slow_start`. */

test('an origin that comes back has a share that grows, until it is whole', async () => {
  const pool = { health_check: CHECKS, outlier: 'off', slow_start: '2s' };
  const { portico, admin, ailing } = await healthScene(2, { pool });
  const [cold] = ailing as [Ailing, Ailing];
  // What a node starts with is as warm as it was.
  await admin.poolWhere(({ origins }) => origins.every(({ effective }) => effective === 'active'));
  cold.checks = '500';
  await portico.events.waitFor('origin down');
  cold.checks = 'well';
  const shares: number[] = [];
  let last = 0;
  await admin.originWhere('app0', ({ health }) => health === 'up');
  expect(await admin.origin('app0')).toMatchObject({ effective: 'warming', weight: 1 });
  while (last < 1) {
    // A share of what it has at that moment, or some steps later when the machine is busy.
    const { app0 = 0 } = await answerers(portico, 100);
    shares.push(app0);
    const { progress } = (await admin.origin('app0')).slowStart;
    expect(progress).toBeGreaterThanOrEqual(last);
    last = progress;
  }
  expect(shares[0]).toBeLessThan(25);
  const middle = Math.floor(shares.length / 2);
  const mean = (some: readonly number[]) => some.reduce((sum, share) => sum + share, 0) / some.length;
  expect(mean(shares.slice(0, middle))).toBeLessThan(mean(shares.slice(middle)));
  expect(await answerers(portico, 100)).toEqual({ app0: 50, app1: 50 });
  expect((await admin.origin('app0')).effective).toBe('active');
});

test('one that returns from an ejection warms up, too', async () => {
  const pool = { outlier: { failures: 3, eject_for: '100ms' }, slow_start: '5m' };
  const { portico, admin, ailing } = await healthScene(2, { pool });
  const [ill] = ailing as [Ailing, Ailing];
  ill.requests = '500';
  await answerers(portico);
  await portico.events.waitFor('origin ejected');
  ill.requests = 'well';
  await admin.originWhere('app0', ({ ejectedUntil }) => ejectedUntil === null);
  while ((await admin.origin('app0')).slowStart.progress === 1) await answerers(portico, 1);
  // One to twenty, to begin with.
  expect(await answerers(portico, 210)).toEqual({ app0: 10, app1: 200 });
});
