import { describe, expect, test } from 'vitest';
import { answer, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** The policies beside round robin, over two workers. */

/** Origins that take so many milliseconds for each request, and tell who they are. */
async function scene(pauses: readonly number[], pool: object) {
  const origins = await Promise.all(
    pauses.map((pause, i) =>
      startOrigin(async function* ({ arrived }) {
        await arrived;
        await new Promise((resolve) => setTimeout(resolve, pause));
        yield answer(`app${i}`);
      }),
    ),
  );
  const listed = origins.map(({ url }, i) => ({ url, name: `app${i}` }));
  const portico = await startPortico(frontDoor({ origins: listed, pool, site: { cache: 'off' } }));
  return { origins, portico };
}

interface Taken {
  readonly origin: string;
  readonly time: number;
}

async function load(portico: Portico, clients: number, requests: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  const client = async () => {
    for (let i = 0; i < requests; i++) {
      const begun = performance.now();
      const { status, body } = await fetchRaw(portico.port(), '/');
      expect(status).toBe(200);
      taken.push({ origin: body, time: performance.now() - begun });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return taken;
}

function p99(taken: readonly Taken[]): number {
  const times = taken.map(({ time }) => time).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] as number;
}

describe('against one slow origin of four', () => {
  // The slow one always has its share of what is in flight: so long that it is less than 1 % of all, also on a busy machine.
  test.each([
    { balance: 'least-requests', slow: 2000, clients: 24, each: 120 },
    { balance: 'least-requests', slow: 1000, clients: 2, each: 300 },
  ])('$balance keeps p99 within twice that of the healthy ones, for $clients clients', async (play) => {
    const { balance, slow, clients, each } = play;
    const { portico } = await scene([5, 5, slow, 5], { balance });
    const taken = await load(portico, clients, each);
    const healthy = taken.filter(({ origin }) => origin !== 'app2');
    expect(p99(taken)).toBeLessThanOrEqual(2 * p99(healthy));
  });

  // It looks again from time to time whether the slow one is still slow: how often among so many requests, is the machine's speed.
  test.each([{ clients: 24 }, { clients: 2 }])('ewma sends it a few, for $clients clients', async ({ clients }) => {
    const { portico } = await scene([5, 5, 200, 5], { balance: 'ewma' });
    const taken = await load(portico, clients, 100);
    const slow = taken.filter(({ origin }) => origin === 'app2').length;
    expect(slow / taken.length).toBeLessThan(0.25 / 4);
  });
});

describe('consistent-hash', () => {
  test('sends a path to its origin in both workers, and on loss of one moves only what was there', async () => {
    const { portico, origins } = await scene([0, 0, 0, 0], { balance: 'consistent-hash' });
    const paths = Array.from({ length: 100 }, (_, i) => `/products/${i}`);
    const homes = () => Promise.all(paths.map(async (path) => (await fetchRaw(portico.port(), path)).body));
    const asked = async () => {
      const found: string[] = [];
      // One after the other, so that nobody is overloaded.
      for (const path of paths) found.push((await fetchRaw(portico.port(), path)).body);
      return found;
    };
    const before = await asked();
    expect(await asked()).toEqual(before);
    expect(new Set(before).size).toBe(4);
    await origins[1]?.close();
    const after = await asked();
    expect(after.filter((origin, i) => origin !== before[i]).length).toBe(
      before.filter((origin) => origin === 'app1').length,
    );
    expect((await homes()).every((origin) => /^app[023]$/.test(origin))).toBe(true);
  });

  test('goes by a cookie where it is told so', async () => {
    const { portico } = await scene([0, 0, 0, 0], { balance: 'consistent-hash', hash_on: 'cookie:sid' });
    for (const sid of ['a', 'b', 'c', 'd']) {
      const head = [`Cookie: x=y; sid=${sid}`];
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, i) => fetchRaw(portico.port(), `/${i}`, { head })),
      );
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    }
  });
});
