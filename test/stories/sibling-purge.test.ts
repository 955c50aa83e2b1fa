import { beforeAll, describe, expect, test } from 'vitest';
import { answer, type OriginRequest } from '../support/origin.ts';
import type { RawResponse } from '../support/raw-client.ts';
import { type Member, type Siblings, startSiblings, toldBy } from './sibling-scene.ts';

/** What is purged on one node while another one is cut off is never served by that one once they are linked again. */

const SITE = 'http://www.example.com';
const LANGUAGES = ['de', 'fr'];

let siblings: Siblings;
/** Counted up when something is purged: bodies tell which one they are of. */
let version = 1;

const script = (request: OriginRequest) =>
  answer(`v${version} ${request.target} ${request.values('accept-language')}`, {
    fields: [
      'Cache-Control: max-age=3600, stale-while-revalidate=600',
      'Vary: Accept-Language',
      `Surrogate-Key: all-of-it tag-${request.target.split('/')[1]}`,
    ],
  });

function ask(member: Member, target: string, language = 'de'): Promise<RawResponse> {
  return member.ask(target, { head: [`Accept-Language: ${language}`] });
}

/** Of which versions it is, in all variants and by all workers. */
async function versions(member: Member, ...targets: readonly string[]): Promise<Set<string>> {
  const asked = targets.flatMap((target) =>
    LANGUAGES.flatMap((language) => Array.from({ length: 4 }, () => ask(member, target, language))),
  );
  const replies = await Promise.all(asked);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  return new Set(replies.map(({ body }) => body.split(' ')[0] as string));
}

/** Stored at each of them. */
async function stored(targets: readonly string[], ...members: readonly Member[]): Promise<void> {
  for (const member of members) {
    for (const target of targets) for (const language of LANGUAGES) await ask(member, target, language);
    for (const target of targets) expect(toldBy(await ask(member, target))).toBe('hit');
  }
}

function outcomes(reply: RawResponse): unknown {
  return JSON.parse(reply.body).siblings;
}

const b = (outcome: string) => [{ peer: 'b', outcome }];

describe('two nodes', () => {
  let first: Member;
  let second: Member;

  beforeAll(async () => {
    siblings = await startSiblings({ script, workers: 2 });
    [first, second] = [siblings.of('a'), siblings.of('b')];
  });

  test('purge together while they are linked, however it is said', async () => {
    const targets = ['/url/1', '/prefix/1', '/tag/1', '/all/1', '/soft/1'];
    for (const [purge, gone] of [
      [async () => outcomes(await first.purge('/url/1')), ['/url/1']],
      [
        async () =>
          (await first.node.ask('POST /cache/purge', { body: { prefixes: [`${SITE}/prefix/`] } })).json.siblings,
        ['/prefix/1'],
      ],
      [async () => outcomes(await first.purge('/', 'Surrogate-Key: tag-tag')), ['/tag/1']],
      [async () => outcomes(await first.purge('/soft/1', 'X-Purge-Soft: 1')), []],
      [async () => outcomes(await first.purge('/', 'X-Purge-All: 1')), targets],
    ] as const) {
      await stored(targets, first, second);
      version += 1;
      expect(await purge()).toEqual(b('acknowledged'));
      if (gone.length > 0) {
        for (const member of [second, first]) expect(await versions(member, ...gone)).toEqual(new Set([`v${version}`]));
      } else expect(toldBy(await ask(second, '/soft/1'))).not.toBe('hit');
      await first.purge('/', 'X-Purge-All: 1');
    }
  });

  test('do not give each other up for what is fetched anew just after a purge', async () => {
    const targets = Array.from({ length: 30 }, (_, i) => `/anew/${i}`);
    const { falseHits } = await first.account('b');
    expect(outcomes(await first.purge('/', 'X-Purge-All: 1'))).toEqual(b('acknowledged'));
    for (const target of targets) {
      await ask(second, target);
      // It may be from before, as far as can be told: whole seconds are.
      await ask(first, target);
    }
    expect(await first.account('b')).toMatchObject({ falseHits, fetching: 'on' });
  });

  test('do not bring back what a request has changed: that is not told, but it is known when a copy was made', async () => {
    const target = '/changed/1';
    await stored([target], first, second);
    version += 1;
    expect((await first.ask(target, { method: 'POST', body: 'x' })).status).toBe(200);
    expect(await versions(first, target)).toEqual(new Set([`v${version}`]));
  });

  test('that are parted: what was purged meanwhile is gone when they are linked again', async () => {
    const hard = ['/url/2', '/prefix/2', '/prefix/2/more', '/tag/2', '/cli/2'];
    const soft = ['/soft/2', '/softer/2', '/softest/2'];
    const kept = ['/kept/2'];
    await stored([...hard, ...soft, ...kept], first, second);
    const before = version;
    const from = { first: first.told, second: second.told };
    siblings.part('a', 'b');
    version += 1;
    expect(outcomes(await first.purge('/url/2'))).toEqual(b('not-acknowledged'));
    await first.lost('b', from.first);
    await first.accountWhere('b', ({ link }) => link.told === null);
    const post = async (body: object) => (await first.node.ask('POST /cache/purge', { body })).json;
    expect(await post({ prefixes: [`${SITE}/prefix/2`] })).toMatchObject({ siblings: b('not-reached') });
    expect(await post({ urls: [`${SITE}/soft/2`], soft: true })).toMatchObject({ siblings: b('not-reached') });
    expect(outcomes(await first.purge('/', 'Surrogate-Key: tag-tag'))).toEqual(b('not-reached'));
    expect(outcomes(await first.purge('/', 'Surrogate-Key: tag-softer', 'X-Purge-Soft: 1'))).toEqual(b('not-reached'));
    const commands = [
      await first.node.command('purge', `${SITE}/cli/2`),
      await first.node.command('purge', '--prefix', `${SITE}/softest/`, '--soft'),
    ];
    for (const { status, stderr } of commands) {
      expect([status, stderr]).toEqual([0, [expect.stringMatching(/b was not reached/)]]);
    }
    // Nobody can tell it: it serves on what it has.
    expect(await versions(second, ...hard, ...soft, ...kept)).toEqual(new Set([`v${before}`]));
    expect((await first.account('b')).link).toMatchObject({ state: 'down', ours: { behind: 7 } });

    const linkedAt = second.told;
    await siblings.join('a', 'b');
    await second.linked('a', linkedAt);
    expect(await versions(second, ...hard)).toEqual(new Set([`v${version}`]));
    // Stale, and served once while it is fetched anew.
    for (const target of soft)
      for (const language of LANGUAGES) {
        expect(toldBy(await ask(second, target, language))).toBe('hit; detail=stale-while-revalidate');
      }
    expect(await versions(second, ...kept)).toEqual(new Set([`v${before}`]));
    await first.linked('b', from.first);
    await first.accountWhere('b', ({ link }) => link.ours.behind === 0);
  });

  test('that are parted: nothing is left when all was purged', async () => {
    const targets = ['/a/3', '/b/3'];
    await stored(targets, first, second);
    const from = { first: first.told, second: second.told };
    siblings.part('a', 'b');
    version += 1;
    await first.lost('b', from.first);
    await first.accountWhere('b', ({ link }) => link.told === null);
    const { stderr } = await first.node.command('purge', '--all', '--reason', 'a test');
    expect(stderr).toEqual([expect.stringMatching(/b was not reached/)]);
    await siblings.join('a', 'b');
    await second.linked('a', from.second);
    expect(await versions(second, ...targets)).toEqual(new Set([`v${version}`]));
  });
});

describe('three nodes', () => {
  test('none gets what was purged from one that was not told', async () => {
    siblings = await startSiblings({ names: ['a', 'b', 'c'], script });
    const [one, two, three] = siblings.members as [Member, Member, Member];
    const targets = ['/url/4', '/prefix/4', '/tag/4', '/soft/4'];
    await stored(targets, three);
    siblings.part('a', 'c');
    version += 1;
    const told = [
      await one.purge('/url/4'),
      await one.purge('/prefix/*'),
      await one.purge('/', 'Surrogate-Key: tag-tag'),
      await one.purge('/soft/4', 'X-Purge-Soft: 1'),
    ];
    for (const reply of told) {
      expect(outcomes(reply)).toEqual([
        { peer: 'b', outcome: 'acknowledged' },
        { peer: 'c', outcome: expect.stringMatching(/^not-(?:acknowledged|reached)$/) },
      ]);
    }
    expect(await versions(three, ...targets)).toEqual(new Set([`v${version - 1}`]));
    expect(await versions(two, ...targets)).toEqual(new Set([`v${version}`]));
    // It was asked, and said that it has it.
    expect((await two.account('c')).falseHits).toBeGreaterThan(0);
    const from = three.told;
    await one.lost('c');
    await siblings.join('a', 'c');
    await three.linked('a', from);
    expect(await versions(three, ...targets.slice(0, 3))).toEqual(new Set([`v${version}`]));
  });
});
