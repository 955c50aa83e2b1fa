import { describe, expect, onTestFinished, test } from 'vitest';
import type { Ms } from '../../../src/base/units.ts';
import { KernelTimer } from '../../../src/vrrp/net/kernel-timer.ts';
import { openVrrpSystem } from '../../../src/vrrp/net/system.ts';

describe.skipIf(process.platform !== 'linux')('a timer of the kernel', () => {
  const system = openVrrpSystem();

  function timer(onDue: () => void): KernelTimer {
    const made = new KernelTimer(system, onDue);
    onTestFinished(() => made.close());
    return made;
  }

  /** Resolves with how long it took. */
  async function due(delay: Ms): Promise<Ms> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const since = performance.now();
    timer(resolve).set(delay);
    await promise;
    return performance.now() - since;
  }

  test.each([0.25, 1.75, 20])('is never early (%d ms)', async (delay) => {
    expect(await due(delay)).toBeGreaterThanOrEqual(delay);
  });

  test.each([0, -5])('calls at once, but not from where it is set, when that was %d ms ahead', async (delay) => {
    let isCalled = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    timer(() => {
      isCalled = true;
      resolve();
    }).set(delay);
    expect(isCalled).toBe(false);
    await promise;
  });

  test('calls once for each time that it is set, at what was set last', async () => {
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = timer(() => {
      calls++;
      if (calls === 1) first.set(1);
      else resolve();
    });
    first.set(60_000);
    first.set(1);
    await promise;
    await due(10);
    expect(calls).toBe(2);
  });

  test('calls nobody when it was cleared, or closed', async () => {
    let calls = 0;
    const [cleared, closed] = [timer(() => calls++), timer(() => calls++)];
    for (const each of [cleared, closed]) each.set(1);
    cleared.clear();
    closed.close();
    closed.set(1);
    await due(10);
    expect(calls).toBe(0);
  });
});
