import { beforeAll, expect, test } from 'vitest';
import { decode, encodeQuery } from '../../src/sibling/icp/message.ts';
import { UdpClient } from '../sibling/udp-client.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { KIB } from './cache-scene.ts';
import { inTurns, type Member, openScene, type Siblings, toldBy } from './sibling-scene.ts';

/** A node that starts with an empty cache beside one that is full gets what that is asked for most, in the background. */

const DONE = 'warmed up by a sibling';
const OBJECTS = 200;
const LANGUAGES = ['de', 'fr'];
const FIELDS = ['Cache-Control: max-age=3600', 'Vary: Accept-Language'];

const script = (request: OriginRequest) =>
  answer(bodyOf(request.target, request.values('accept-language')[0] ?? ''), { fields: FIELDS });

function bodyOf(target: string, language: string): string {
  return `${target} ${language} `.padEnd(4 * KIB, '.');
}

function ask(member: Member, target: string, language: string) {
  return member.ask(target, { head: [`Accept-Language: ${language}`] });
}

const ALL = Array.from({ length: OBJECTS / 2 }, (_, i) => `/page/${i}`).flatMap((target) =>
  LANGUAGES.map((language) => ({ target, language })),
);

let siblings: Siblings;
let a: Member;
let b: Member;

/** One that is full; of what it has, the first fifty are asked for again and again. */
beforeAll(async () => {
  siblings = await openScene({ script });
  [a, b] = siblings.members as [Member, Member];
  await a.start({ siblings: { timeout: '50ms' } });
  await inTurns(ALL, 8, ({ target, language }) => ask(a, target, language));
  for (let i = 0; i < 2; i++) await inTurns(ALL.slice(0, 50), 8, ({ target, language }) => ask(a, target, language));
});

const warmUp = (settings: object | string) => ({ siblings: { warm_up: settings } });

test('all of it, in all variants, without a request to the origin', async () => {
  const asked = siblings.origin.requests.length;
  await b.start(warmUp({ objects: 1000, rate: '64MiB' }));
  expect(await b.portico.events.waitFor(DONE)).toMatchObject({
    sibling: 'a',
    end: 'done',
    filled: OBJECTS,
    bytes: OBJECTS * 4 * KIB,
    failed: 0,
  });
  const replies = await inTurns(ALL, 8, ({ target, language }) => ask(b, target, language));
  expect(replies.map(({ body }) => body)).toEqual(ALL.map(({ target, language }) => bodyOf(target, language)));
  expect(new Set(replies.map(toldBy))).toEqual(new Set(['hit']));
  expect(siblings.origin.requests.length).toBe(asked);
  // Nobody asked for it: it is no traffic of clients.
  expect((await b.log(OBJECTS)).length).toBe(OBJECTS);
});

test('the hottest first, as many as it wants, no faster than it may', async () => {
  const { http } = siblings.way('b', 'a');
  const before = http.connections;
  await b.start(warmUp({ objects: 50, rate: '128KiB' }));
  // Clients are served meanwhile, by what is there and by the origin.
  const during = ['/new/1', '/new/2'];
  for (const target of during) expect((await ask(b, target, 'de')).body).toBe(bodyOf(target, 'de'));
  await expect.poll(() => http.connections, { interval: 5 }).toBeGreaterThan(before);
  const begun = performance.now();
  // Others should not count on it just now.
  const udp = await UdpClient.open(b.icp, a.seenAt);
  const answered = decode(await udp.ask(encodeQuery(7, 'http://www.example.com/nowhere') as Buffer));
  expect(answered).toMatchObject({ opcode: 'MISS_NOFETCH' });
  expect(b.said(DONE)).toEqual([]);
  const asked = siblings.origin.requests.length;
  expect(await b.portico.events.waitFor(DONE, { limit: 9000 })).toMatchObject({ end: 'done', filled: 50, failed: 0 });
  // 200 KiB, of which a part had come.
  expect(performance.now() - begun).toBeGreaterThan(1000);
  expect(siblings.origin.requests.length).toBe(asked);
  const isThere = await inTurns(ALL, 8, async ({ target, language }) => {
    const reply = await b.ask(target, { head: [`Accept-Language: ${language}`, 'Cache-Control: only-if-cached'] });
    return reply.status === 200;
  });
  expect(isThere).toEqual(ALL.map((_, index) => index < 50));
});

test('nothing when it is off', async () => {
  const { http } = siblings.way('b', 'a');
  const before = http.connections;
  await b.start(warmUp('off'));
  await b.linked('a');
  await a.accountWhere('b', ({ portico }) => portico);
  for (const { target, language } of ALL.slice(0, 20)) {
    const head = [`Accept-Language: ${language}`, 'Cache-Control: only-if-cached'];
    expect((await b.ask(target, { head })).status).toBe(504);
  }
  expect(http.connections).toBe(before);
});
