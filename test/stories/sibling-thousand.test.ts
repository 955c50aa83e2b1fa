import { beforeAll, expect, test } from 'vitest';
import { answer, type OriginRequest } from '../support/origin.ts';
import { patternAt } from '../support/pattern.ts';
import { fieldOf, type RawResponse } from '../support/raw-client.ts';
import { follow, headOf, MIB, pieces, whole } from './cache-scene.ts';
import { inTurns, type Member, type Siblings, slowStranger, startSiblings, toldBy } from './sibling-scene.ts';

/** The second node gets what it lacks from the first: each its own variant, byte for byte, and nothing from the origin. */

const TEXT = 'Lorem ipsum dolor sit amet. '.repeat(60);
const LONG = 5 * MIB;

let siblings: Siblings;
let a: Member;
let b: Member;

async function* play(request: OriginRequest) {
  const { target } = request;
  if (target.startsWith('/stale')) {
    // Whoever comes first gets it for a second.
    const isFirst = siblings.asked(target) === 1;
    yield answer('the same', { fields: [`Cache-Control: max-age=${isFirst ? 1 : 3600}`, 'ETag: "same"'] });
    return;
  }
  if (target.startsWith('/film')) {
    yield headOf('Cache-Control: max-age=3600', `Content-Length: ${LONG}`, 'ETag: "film"');
    yield* pieces(0, LONG);
  } else yield page(request);
}

/** Says for whom it was made. */
function page(request: OriginRequest): Buffer {
  const [language = ''] = request.values('accept-language');
  const currency = /currency=(\w+)/.exec(request.values('cookie').join(';'))?.[1];
  const fields = [
    'Cache-Control: public, max-age=3600',
    'Surrogate-Control: max-age=7200',
    `Surrogate-Key: shop ${language}`,
    `ETag: "${language}-${currency}"`,
    `Date: ${new Date(Date.now() - 100_000).toUTCString()}`,
    'Last-Modified: Fri, 20 Nov 2026 07:00:00 GMT',
    'Vary: Accept-Language, Cookie',
    'Content-Type: text/html',
    'Cache-Status: farther; hit',
    'X-Twice: one',
    'X-Twice: two',
  ];
  return answer(`${request.target} ${language} ${currency} ${TEXT}`, { fields });
}

beforeAll(async () => {
  const scene = {
    script: play,
    workers: 2,
    site: {
      compress: ['gzip'],
      cache: { vary_cookies: ['currency'] },
      response_headers: { remove: ['Surrogate-Key'], set: { 'X-Site': 'ours' } },
    },
  };
  siblings = await startSiblings(scene, { b: { strangers: [await slowStranger(400)] } });
  [a, b] = [siblings.of('a'), siblings.of('b')];
});

interface Wanted {
  readonly target: string;
  readonly head: readonly string[];
}

function wanted(targets: readonly string[]): readonly Wanted[] {
  return targets.flatMap((target) =>
    ['de', 'fr'].flatMap((language) =>
      ['gzip', 'identity'].flatMap((coding) =>
        ['EUR', 'USD'].map((currency) => ({ target, head: headFor(language, coding, currency) })),
      ),
    ),
  );
}

function headFor(language: string, coding: string, currency: string): readonly string[] {
  const cookie = `session=${Math.random()}; currency=${currency}`;
  return [`Accept-Language: ${language}`, `Accept-Encoding: ${coding}`, `Cookie: ${cookie}`];
}

/** Without what each reply has of its own, and what tells of the way it took. */
function fieldsOf({ fields }: RawResponse): Record<string, string> {
  const own = /^(?:date|age|x-request-id|cache-status|via|connection)$/i;
  const kept: Record<string, string> = {};
  for (const [name, value] of fields) if (!own.test(name)) kept[name] = `${kept[name] ?? ''}${value};`;
  return kept;
}

function ageOf(reply: RawResponse): number {
  return Number(fieldOf(reply, 'age'));
}

test('a thousand objects with their variants: no false hit, and no request to the origin', async () => {
  const all = wanted(Array.from({ length: 125 }, (_, i) => `/page/${i}`));
  const askAll = (member: Member) => inTurns(all, 6, ({ target, head }) => member.ask(target, { head }));
  await askAll(a);
  const hits = await askAll(a);
  const asked = siblings.origin.requests.length;
  const replies = await askAll(b);
  expect(replies.map(({ body }) => body)).toEqual(hits.map(({ body }) => body));
  expect(replies.map(fieldsOf)).toEqual(hits.map(fieldsOf));
  for (const [index, reply] of replies.entries()) {
    expect(toldBy(reply)).toMatch(
      /^fwd=(?:uri|vary)-miss; fwd-status=200; stored;(?: collapsed=.0;)? detail=sibling-hit$/,
    );
    const before = ageOf(hits[index] as RawResponse);
    expect(ageOf(reply)).toBeGreaterThanOrEqual(before);
    expect(ageOf(reply)).toBeLessThan(before + 20);
  }
  const counts = { hits: 1000, misses: 0, timeouts: 0, fetched: 1000, falseHits: 0, failed: 0, overdue: 0 };
  expect(await b.account('a')).toMatchObject(counts);
  expect(siblings.origin.requests.length).toBe(asked);

  const again = await askAll(b);
  expect(new Set(again.map(toldBy))).toEqual(new Set(['hit']));
  expect(again.map(({ body }) => body)).toEqual(hits.map(({ body }) => body));
  expect(again.map(fieldsOf)).toEqual(hits.map(fieldsOf));
});

test('what is long streams: who waits gets what has come so far', async () => {
  const target = '/film/1';
  const at = ({ http: { host } }: Member) => ({ socket: { host } });
  expect(await (await follow(a.http.port, target, at(a))).done()).toMatchObject(whole(LONG));
  const asked = siblings.origin.requests.length;
  const { http } = siblings.way('b', 'a');
  http.cutAfter = http.bytes + LONG / 2;
  const viewers = [await follow(b.http.port, target, at(b)), await follow(b.http.port, target, at(b))];
  for (const viewer of viewers) await viewer.reached(LONG / 4);
  for (const { received } of viewers) expect(received).toBeLessThan(LONG);
  await http.mend();
  for (const viewer of viewers) expect(await viewer.done()).toMatchObject(whole(LONG));
  expect(siblings.origin.requests.length).toBe(asked);
});

test('of what is long, a part is had as well', async () => {
  const target = '/film/2';
  await a.ask(target);
  const asked = siblings.origin.requests.length;
  const { status, fields, body } = await b.ask(target, { head: ['Range: bytes=1000000-1000099'] });
  expect([status, fieldOf({ fields }, 'content-range')]).toEqual([206, `bytes 1000000-1000099/${LONG}`]);
  expect(body === patternAt(1_000_000, 100).toString('latin1')).toBe(true);
  expect(siblings.origin.requests.length).toBe(asked);
});

test('what is stale here and fresh there is validated there', async () => {
  const target = '/stale/1';
  await b.ask(target);
  // What is stale by then is no news; this one has it for longer.
  await a.ask(target);
  expect(siblings.asked(target)).toBe(2);
  const polled = async () => toldBy(await b.ask(target));
  await expect
    .poll(polled, { timeout: 4000, interval: 50 })
    .toMatch(/^fwd=stale; fwd-status=304;.* detail=sibling-hit$/);
  expect(siblings.asked(target)).toBe(2);
  const reply = await b.ask(target);
  expect([toldBy(reply), reply.body, fieldOf(reply, 'cache-control')]).toEqual(['hit', 'the same', 'max-age=3600']);
});
