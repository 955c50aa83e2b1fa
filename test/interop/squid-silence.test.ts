import { expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { describeWithPeers } from '../support/peers.ts';
import { openPair, type Pair, PORTICO } from './squid-scene.ts';

/** One of the two says nothing for a while, as when its machine hangs, and then goes on. */

describeWithPeers(['squid'], 'a silent sibling', () => {
  // Both at once: either takes some 12 s.
  test('is found dead, costs nobody much, and is asked again when it is back', async () => {
    const [one, other] = await Promise.all([openPair(), openPair()]);
    await Promise.all([withoutPortico(one), withoutSquid(other)]);
  }, 60_000);
});

/** Longer than Squid bears with it (`dead_peer_timeout`). */
const SILENCE: Ms = 12_000;

async function withoutPortico(pair: Pair): Promise<void> {
  const held = pair.target();
  await pair.viaPortico(held);
  /** Where Squid gets it from. */
  const from = async (target: string) => {
    expect(await pair.viaSquid(target)).toMatchObject({ status: 200, body: 'whole' });
    return (await pair.squid.lineFor(pair.url(target))).hierarchy;
  };
  await from(pair.target());
  pair.portico.signal('SIGSTOP');
  expect(await from(pair.target())).toBe('TIMEOUT_FIRSTUP_PARENT/127.0.0.1');
  // It says nothing of it until it would ask once more.
  await new Promise((resolve) => setTimeout(resolve, SILENCE));
  for (let i = 0; i < 3; i++) expect(await from(pair.target())).toBe('FIRSTUP_PARENT/127.0.0.1');
  expect(pair.squid.remarks).toEqual(['Detected DEAD Sibling: portico']);

  pair.portico.signal('SIGCONT');
  await pair.squid.cacheLog.waitFor((line) => line === 'Detected REVIVED Sibling: portico');
  expect(await from(held)).toBe(`SIBLING_HIT/${PORTICO}`);
  await pair.expectSquidWell(['Detected DEAD Sibling: portico', 'Detected REVIVED Sibling: portico']);
}

async function withoutSquid(pair: Pair): Promise<void> {
  const { events } = pair.portico;
  const isTold = (message: string) => events.all.some((event) => event.message === message);
  const { lines } = await pair.askSquid('/');
  expect(lines).toMatchObject([{ sibling: 'squid' }]);

  /** Has Portico fetch, one after the other, until the log says so. */
  const fetchUntil = async (message: string): Promise<string[]> => {
    const targets: string[] = [];
    const told = events.waitFor(message, { limit: 15_000 });
    while (!isTold(message)) {
      const target = pair.target();
      targets.push(target);
      expect(await pair.viaPortico(target)).toMatchObject({ status: 200, body: 'whole' });
      await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    return targets;
  };
  pair.squid.signal('SIGSTOP');
  const silent = performance.now();
  const targets = await fetchUntil('sibling does not answer, it is only probed');
  expect(performance.now() - silent).toBeGreaterThan(1_000);
  for (const line of (await pair.logged()).filter(({ target }) => targets.includes(target))) {
    expect(line).toMatchObject({ attempts: 1 });
    expect(line.duration_ms).toBeLessThan(1_000);
  }

  pair.squid.signal('SIGCONT');
  const unasked = await fetchUntil('sibling answers again');
  const asked = unasked.filter((target) => pair.squid.linesFor(pair.url(target), 'ICP_QUERY').length > 0);
  // The probe, and perhaps a request that came just when it was answered.
  expect(asked.length).toBeLessThanOrEqual(2);
  expect((await pair.askSquid('/')).lines).toMatchObject([{ sibling: 'squid' }]);
  await pair.expectSquidWell();
}
