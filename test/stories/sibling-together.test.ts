import { expect, test } from 'vitest';
import { answer, type OriginRequest } from '../support/origin.ts';
import { gate } from './cache-scene.ts';
import { type Member, type Siblings, startSiblings } from './sibling-scene.ts';

/** Nodes that are asked for the same at the same time ask each other: nobody waits for anybody, and nothing goes round. */

const FRESH = 'Cache-Control: max-age=3600';
const URLS = Array.from({ length: 300 }, (_, i) => `/same/${i}`);
const script = ({ target }: OriginRequest) => answer(`of ${target}`, { fields: [FRESH, 'ETag: "1"'] });

/** Each of them for all of it, at once. */
async function askAllAtOnce(members: readonly Member[], targets: readonly string[]): Promise<void> {
  const asked = targets.flatMap((target) => members.map(async (member) => [target, await member.ask(target)] as const));
  for (const [target, { status, body }] of await Promise.all(asked))
    expect([status, body]).toEqual([200, `of ${target}`]);
}

function counts(siblings: Siblings): number[] {
  const of = new Map<string, number>();
  for (const { target } of siblings.origin.requests) of.set(target, (of.get(target) ?? 0) + 1);
  return [...of.values()];
}

test.each([
  { names: ['a', 'b'], via: true },
  { names: ['a', 'b'], via: false },
  { names: ['a', 'b', 'c'], via: false },
])('$names.length nodes, with Via $via: each asks the origin once at most', async ({ names, via }) => {
  const each = Object.fromEntries(names.map((name) => [name, { node: { via } }]));
  const siblings = await startSiblings({ names, script, workers: 2 }, each);
  for (let at = 0; at < URLS.length; at += 50) await askAllAtOnce(siblings.members, URLS.slice(at, at + 50));
  const asked = counts(siblings);
  expect(asked).toHaveLength(URLS.length);
  expect(Math.max(...asked)).toBeLessThanOrEqual(names.length);
  // No request came round.
  for (const { fields } of siblings.origin.requests) {
    const loops = fields.filter(([name]) => /^cdn-loop$/i.test(name)).map(([, value]) => value);
    expect(names).toContain(loops.join());
  }
  for (const member of siblings.members) {
    for (const { from_sibling, status } of await member.log(URLS.length)) {
      expect([200, 504]).toContain(status);
      if (!from_sibling) expect(status).toBe(200);
    }
  }
});

test('none waits for what the other one waits for', async () => {
  const go = gate();
  const siblings = await startSiblings({
    async *script({ target }) {
      await go.open;
      yield answer(`of ${target}`, { fields: [FRESH] });
    },
  });
  const [a, b] = siblings.members as [Member, Member];
  const replies = [a.ask('/slow'), b.ask('/slow'), a.ask('/slow'), b.ask('/slow')];
  await siblings.origin.arrivals.waitFor(() => siblings.asked('/slow') === 2);
  go.lift();
  for (const { body } of await Promise.all(replies)) expect(body).toBe('of /slow');
  expect(siblings.asked('/slow')).toBe(2);
});
