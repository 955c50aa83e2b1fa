import { describe, expect, test } from 'vitest';
import { answer } from '../support/origin.ts';
import { type Member, type Siblings, startSiblings, toldBy } from './sibling-scene.ts';

/**
 * A sibling that is cut off, slow, flapping or without its HTTP: every request is answered rightly, few wait for it, and
 * after those it is left alone. What waits is counted, not timed.
 */

const scene = {
  script: ({ target }: { target: string }) => answer(`of ${target}`, { fields: ['Cache-Control: max-age=3600'] }),
  siblings: { timeout: '50ms' },
};

/**
 * Of requests that come one after the other: those of the first 50 ms, 10 ms each, as it is judged after that time only; and
 * then five, as one that is late now and then is not given up at once.
 */
const WAITING_MAX = 50 / 10 + 5;

interface Scene {
  readonly siblings: Siblings;
  readonly a: Member;
  readonly b: Member;
}

/** Two that know how fast the other is. */
async function opened(): Promise<Scene> {
  const siblings = await startSiblings(scene);
  const [a, b] = [siblings.of('a'), siblings.of('b')];
  await askAll(b, await targets(a, 40));
  expect((await b.account('a')).fetched).toBeGreaterThan(10);
  return { siblings, a, b };
}

let count = 0;

/** Nobody has asked for them yet; every other one is stored at `member` then. */
async function targets(member: Member, many: number): Promise<string[]> {
  const all = Array.from({ length: many }, () => `/${count++}`);
  for (const target of all.filter((_, index) => index % 2 === 0)) await member.ask(target);
  return all;
}

/** One after the other; returns how many came by the sibling. */
async function askAll(
  member: Member,
  wanted: readonly string[],
  before: (index: number) => unknown = () => {},
): Promise<number> {
  let fromSibling = 0;
  for (const [index, target] of wanted.entries()) {
    await before(index);
    const reply = await member.ask(target);
    expect([reply.status, reply.body]).toEqual([200, `of ${target}`]);
    if (toldBy(reply).includes('sibling-hit')) fromSibling += 1;
  }
  return fromSibling;
}

/** How much each count of what `b` says of `a` grew. */
async function growth(b: Member, during: () => Promise<unknown>) {
  const before = await b.account('a');
  await during();
  const after = await b.account('a');
  const of = (name: 'queries' | 'timeouts' | 'failed' | 'overdue' | 'falseHits') => after[name] - before[name];
  const [queries, timeouts, overdue] = [of('queries'), of('timeouts'), of('overdue')];
  return { queries, timeouts, overdue, failed: of('failed'), falseHits: of('falseHits') };
}

describe.each([
  {
    name: 'cut off',
    begin: ({ siblings }: Scene) => siblings.part('a', 'b'),
    left: 'sibling does not answer, it is only probed',
    most: { timeouts: WAITING_MAX, overdue: 0, failed: 0 },
  },
  {
    name: 'half a second away',
    begin: ({ siblings }: Scene) => {
      for (const relay of siblings.between('a', 'b')) relay.delay = 500;
    },
    left: 'sibling answers too late, it is only probed',
    most: { timeouts: WAITING_MAX, overdue: 0, failed: 0 },
  },
  {
    name: 'half a second away by HTTP alone',
    begin: ({ siblings }: Scene) => {
      siblings.way('b', 'a').http.delay = 500;
    },
    left: 'sibling does not deliver what it says it has, it is not asked for a while',
    most: { timeouts: 2, overdue: 3, failed: 0 },
  },
  {
    name: 'without its HTTP',
    begin: ({ siblings }: Scene) => siblings.way('b', 'a').http.refuse(),
    left: 'sibling does not deliver what it says it has, it is not asked for a while',
    most: { timeouts: 2, overdue: 0, failed: 3 },
  },
])('a sibling that is $name', ({ begin, left, most }) => {
  test('keeps few waiting, and is left alone then', async () => {
    const all = await opened();
    const { a, b } = all;
    const wanted = await targets(a, 100);
    begin(all);
    const counts = await growth(b, () => askAll(b, wanted));
    expect(counts.timeouts).toBeLessThanOrEqual(most.timeouts);
    expect(counts.overdue).toBeLessThanOrEqual(most.overdue);
    expect(counts.failed).toBeLessThanOrEqual(most.failed);
    expect(counts.falseHits).toBe(0);

    while (b.said(left).length === 0) await askAll(b, await targets(a, 2));
    // On trial one may be asked for once more.
    const quiet = await growth(b, async () => askAll(b, await targets(a, 50)));
    expect(quiet.queries).toBeLessThanOrEqual(2);
    expect(quiet.timeouts).toBe(0);
  });
});

test('a sibling that comes and goes fails nobody, and delivers while it is there', async () => {
  const { siblings, a, b } = await opened();
  const wanted = await targets(a, 400);
  let isCut = false;
  let cuts = 0;
  let fromSibling = 0;
  const counts = await growth(b, async () => {
    fromSibling = await askAll(b, wanted, async (index) => {
      if (index % 10 !== 9) return;
      isCut = !isCut;
      cuts += 1;
      if (isCut) siblings.part('a', 'b');
      else await siblings.join('a', 'b');
    });
  });
  expect(counts).toMatchObject({ overdue: 0, failed: 0, falseHits: 0 });
  expect(counts.timeouts).toBeLessThanOrEqual((WAITING_MAX * cuts) / 2);
  expect(fromSibling).toBeGreaterThan(wanted.length / 8);
});
