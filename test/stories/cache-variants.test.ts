import { beforeAll, describe, expect, test } from 'vitest';
import { valuesOf } from '../support/http1-parser.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { patternAt } from '../support/pattern.ts';
import { fieldOf, type RawResponse } from '../support/raw-client.ts';
import { gate, headOf, openStage, pieces, type Stage, statusOf } from './cache-scene.ts';

/** Which stored response answers which request, and with which part of it. */

const FRESH = 'Cache-Control: max-age=60';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    site: {
      routes: [
        { path: '/shop', cache: { vary_cookies: ['currency'] } },
        { path: '/device', cache: { key_headers: ['X-Device'] } },
        { path: '/ads', cache: { ignore_query: ['utm_*', 'fbclid'] } },
        { path: '/static', cache: { ignore_query: true } },
      ],
    },
  });
});

/** Says which request it was made for. */
const echo =
  (name: string, ...fields: string[]) =>
  (request: OriginRequest) =>
    answer(`${name}: ${request.values(name).join(', ')}`, { fields: [FRESH, ...fields] });

const told = (replies: readonly RawResponse[]) => replies.map((each) => [each.body, statusOf(each)]);

describe('variants', () => {
  test('each language is fetched once and kept', async () => {
    const play = stage.play(echo('accept-language', 'Vary: Accept-Language'));
    const replies: RawResponse[] = [];
    for (const language of ['de', 'fr', 'de', 'fr', 'en', 'DE']) {
      replies.push(await play.fetch({ head: [`Accept-Language: ${language}`] }));
    }
    expect(told(replies)).toEqual([
      ['accept-language: de', 'fwd=uri-miss; stored'],
      ['accept-language: fr', 'fwd=vary-miss; stored'],
      ['accept-language: de', 'hit'],
      ['accept-language: fr', 'hit'],
      ['accept-language: en', 'fwd=vary-miss; stored'],
      ['accept-language: de', 'hit'],
    ]);
  });

  test('those who waited for another variant get their own, which is fetched once', async () => {
    const LANGUAGES = ['de', 'fr', 'en', 'it', 'es', 'pt'];
    const MANY = 60;
    const go = gate();
    const play = stage.play(async function* (request) {
      await go.open;
      yield echo('accept-language', 'Vary: Accept-Language')(request);
    });
    const language = (i: number) => LANGUAGES[i % LANGUAGES.length] as string;
    const all = play.fetchMany(MANY, (i) => ({ head: [`Accept-Language: ${language(i)}`] }));
    await stage.quiet();
    expect(play.asked).toHaveLength(1);
    go.lift();
    const bodies = (await all).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: MANY }, (_, i) => `accept-language: ${language(i)}`));
    expect(play.asked).toHaveLength(LANGUAGES.length);
  });

  test('codings are told apart as the site would choose them, not by how they are written', async () => {
    const play = stage.play((request) => {
      const coded = request.values('accept-encoding').join().includes('gzip');
      return answer(coded ? 'coded' : 'plain', {
        fields: [FRESH, 'Vary: Accept-Encoding', ...(coded ? ['Content-Encoding: gzip'] : [])],
      });
    });
    const replies: RawResponse[] = [];
    for (const codings of ['gzip, deflate', 'deflate,gzip;q=0.8', 'identity', 'gzip;q=0']) {
      replies.push(await play.fetch({ head: [`Accept-Encoding: ${codings}`] }));
    }
    replies.push(await play.fetch());
    expect(told(replies).map(([body]) => body)).toEqual(['coded', 'coded', 'plain', 'plain', 'plain']);
    expect(play.asked).toHaveLength(2);
  });

  test('cookies: all of them count, or those that the site names', async () => {
    const script = echo('cookie', 'Vary: Cookie');
    const all = stage.play(script);
    const some = stage.play(script, '/shop');
    for (const cookie of ['currency=EUR; id=1', 'currency=EUR; id=2', 'currency=USD; id=3', 'id=4; currency=EUR']) {
      await all.fetch({ head: [`Cookie: ${cookie}`] });
      await some.fetch({ head: [`Cookie: ${cookie}`] });
    }
    expect([all.asked.length, some.asked.length]).toEqual([4, 2]);
  });

  test('fields that the site names tell objects apart, whatever the response says', async () => {
    const play = stage.play(echo('x-device'), '/device');
    const bodies: string[] = [];
    for (const device of ['phone', 'desk', 'phone']) {
      bodies.push((await play.fetch({ head: [`X-Device: ${device}`] })).body);
    }
    expect(bodies).toEqual(['x-device: phone', 'x-device: desk', 'x-device: phone']);
    expect(play.asked).toHaveLength(2);
  });

  test('queries: all of it counts, but what the site leaves out', async () => {
    const script = ({ target }: OriginRequest) => answer(target, { fields: [FRESH] });
    const [all, some, none] = [stage.play(script), stage.play(script, '/ads'), stage.play(script, '/static')];
    const queries = ['?a=1', '?a=1&utm_source=x', '?fbclid=9&a=1', '?a=2', ''];
    for (const play of [all, some, none]) for (const query of queries) await play.fetch({}, query);
    expect([all.asked.length, some.asked.length, none.asked.length]).toEqual([5, 3, 1]);
  });

  test('hosts and methods are told apart', async () => {
    const play = stage.play((request) => answer(`${request.method} ${request.values('host')}`, { fields: [FRESH] }));
    expect((await play.fetch({ host: 'one.example' })).body).toBe('GET one.example');
    expect((await play.fetch({ host: 'two.example' })).body).toBe('GET two.example');
    expect((await play.fetch({ host: 'ONE.example:80' })).body).toBe('GET one.example');
    expect((await play.fetch({ host: 'one.example', method: 'POST', body: 'x' })).body).toBe('POST one.example');
  });
});

describe('HEAD', () => {
  test('is answered from a stored GET', async () => {
    const play = stage.play(() => answer('hello', { fields: [FRESH, 'ETag: "1"', 'X-Kept: yes'] }));
    await play.fetch();
    const head = await play.fetch({ method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '', end: 'clean' });
    expect([fieldOf(head, 'content-length'), fieldOf(head, 'x-kept'), statusOf(head)]).toEqual(['5', 'yes', 'hit']);
    expect(play.asked).toHaveLength(1);
  });

  test('that finds nothing goes to the origin as a HEAD, and is not taken for a GET', async () => {
    const play = stage.play(({ method }) =>
      method === 'HEAD' ? `${headOf(FRESH, 'Content-Length: 5')}` : answer('hello', { fields: [FRESH] }),
    );
    expect(await play.fetch({ method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(await play.fetch()).toMatchObject({ status: 200, body: 'hello' });
    expect(play.asked.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });
});

describe('ranges of what is stored', () => {
  const BODY = patternAt(0, 1000).toString('latin1');
  const script = () => answer(BODY, { fields: [FRESH, 'ETag: "1"', 'Content-Type: text/plain'] });

  test.each([
    { range: 'bytes=0-99', content: '0-99' },
    { range: 'bytes=900-', content: '900-999' },
    { range: 'bytes=-10', content: '990-999' },
    { range: 'bytes=990-5000', content: '990-999' },
    { range: 'bytes=-5000', content: '0-999' },
  ])('$range', async ({ range, content }) => {
    const play = stage.play(script);
    await play.fetch();
    const reply = await play.fetch({ head: [`Range: ${range}`] });
    const [from, to] = content.split('-').map(Number) as [number, number];
    expect(reply).toMatchObject({ status: 206, body: BODY.slice(from, to + 1), end: 'clean' });
    expect(fieldOf(reply, 'content-range')).toBe(`bytes ${content}/1000`);
    expect([fieldOf(reply, 'etag'), statusOf(reply)]).toEqual(['"1"', 'hit']);
    expect(play.asked).toHaveLength(1);
  });

  test('several ranges come as parts', async () => {
    const play = stage.play(script);
    await play.fetch();
    const reply = await play.fetch({ head: ['Range: bytes=0-9, 500-509, -5'] });
    const boundary = /^multipart\/byteranges; ?boundary="?([^"]+)"?$/.exec(fieldOf(reply, 'content-type') ?? '')?.[1];
    const parts = [
      ['0-9', BODY.slice(0, 10)],
      ['500-509', BODY.slice(500, 510)],
      ['995-999', BODY.slice(995)],
    ];
    const text = parts.map(
      ([range, body]) =>
        `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes ${range}/1000\r\n\r\n${body}\r\n`,
    );
    expect(reply.status).toBe(206);
    expect(reply.body.replace(/^\r\n/, '').toLowerCase()).toBe(`${text.join('')}--${boundary}--\r\n`.toLowerCase());
  });

  test.each([
    { why: 'it begins after the end', range: 'bytes=1000-', status: 416 },
    { why: 'it is of another unit', range: 'lines=1-2', status: 200 },
    { why: 'it is none', range: 'bytes=5-2', status: 200 },
  ])('$range is not a part: $why', async ({ range, status }) => {
    const play = stage.play(script);
    await play.fetch();
    const reply = await play.fetch({ head: [`Range: ${range}`] });
    expect(reply.status).toBe(status);
    if (status === 416) expect(fieldOf(reply, 'content-range')).toBe('bytes */1000');
    else expect(reply.body).toBe(BODY);
  });

  test('If-Range: a part of what the client has, else the whole', async () => {
    const play = stage.play(script);
    await play.fetch();
    const head = (validator: string) => ({ head: ['Range: bytes=0-9', `If-Range: ${validator}`] });
    expect(await play.fetch(head('"1"'))).toMatchObject({ status: 206, body: BODY.slice(0, 10) });
    expect(await play.fetch(head('"2"'))).toMatchObject({ status: 200, body: BODY });
    expect(await play.fetch(head('W/"1"'))).toMatchObject({ status: 200, body: BODY });
  });

  test('HEAD knows no ranges', async () => {
    const play = stage.play(script);
    await play.fetch();
    const reply = await play.fetch({ method: 'HEAD', head: ['Range: bytes=0-9'] });
    expect([reply.status, fieldOf(reply, 'content-length')]).toEqual([200, '1000']);
  });
});

describe('parts', () => {
  const BODY = Buffer.concat([...pieces(0, 5000)]).toString('latin1');

  /** An origin that knows ranges. */
  const ranging = (request: OriginRequest) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.values('range')[0] ?? '');
    const fields = [FRESH, 'ETag: "1"'];
    if (range === null) return answer(BODY, { fields });
    const from = Number(range[1]);
    const to = range[2] === '' ? 4999 : Number(range[2]);
    fields.push(`Content-Range: bytes ${from}-${to}/5000`);
    return answer(BODY.slice(from, to + 1), { status: '206 Partial Content', fields });
  };

  test('one is asked for as it is wanted, stored, and serves what lies in it', async () => {
    const play = stage.play(ranging);
    const first = await play.fetch({ head: ['Range: bytes=0-999'] });
    expect(first).toMatchObject({ status: 206, body: BODY.slice(0, 1000) });
    expect([fieldOf(first, 'content-range'), statusOf(first)]).toEqual(['bytes 0-999/5000', 'fwd=uri-miss; stored']);
    expect(play.asked.map((request) => request.values('range'))).toEqual([['bytes=0-999']]);
    const within = await play.fetch({ head: ['Range: bytes=100-199'] });
    expect(within).toMatchObject({ status: 206, body: BODY.slice(100, 200) });
    expect([fieldOf(within, 'content-range'), statusOf(within)]).toEqual(['bytes 100-199/5000', 'hit']);
    expect(play.asked).toHaveLength(1);
  });

  test('what it does not have is fetched', async () => {
    const play = stage.play(ranging);
    await play.fetch({ head: ['Range: bytes=0-999'] });
    const other = await play.fetch({ head: ['Range: bytes=3000-3999'] });
    expect(other).toMatchObject({ status: 206, body: BODY.slice(3000, 4000) });
    expect(statusOf(other)).toMatch(/^fwd=partial; stored/);
  });

  test('who wants the whole gets it, of which only what is missing is fetched', async () => {
    const play = stage.play(ranging);
    await play.fetch({ head: ['Range: bytes=0-999'] });
    const all = await play.fetch();
    expect(all).toMatchObject({ status: 200, body: BODY, end: 'clean' });
    expect(statusOf(all)).toMatch(/^fwd=partial/);
    expect(play.asked.map((request) => request.values('range')[0])).toEqual(['bytes=0-999', 'bytes=1000-']);
    const hit = await play.fetch();
    expect([hit.body === BODY, statusOf(hit)]).toEqual([true, 'hit']);
    expect(play.asked).toHaveLength(2);
  });

  test('what has changed meanwhile is not put together with what was', async () => {
    const play = stage.play((request) => {
      if (play.asked.length === 1) return ranging(request);
      return answer('a new body', { fields: [FRESH, 'ETag: "2"'] });
    });
    await play.fetch({ head: ['Range: bytes=0-999'] });
    expect(await play.fetch()).toMatchObject({ status: 200, body: 'a new body' });
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test('many who want many parts get theirs', async () => {
    const play = stage.play(ranging);
    const replies = await play.fetchMany(50, (i) => ({ head: [`Range: bytes=${i * 100}-${i * 100 + 99}`] }));
    for (const [i, reply] of replies.entries()) {
      expect(reply).toMatchObject({ status: 206, body: BODY.slice(i * 100, i * 100 + 100) });
      expect(fieldOf(reply, 'content-range')).toBe(`bytes ${i * 100}-${i * 100 + 99}/5000`);
    }
  });
});

describe('conditions', () => {
  const FIELDS = [
    FRESH,
    'ETag: "1"',
    'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT',
    'Content-Type: text/plain',
    'Vary: X',
  ];
  const script = () => answer('hello', { fields: FIELDS });

  test.each([
    { field: 'If-None-Match: "1"', status: 304 },
    { field: 'If-None-Match: "0", W/"1"', status: 304 },
    { field: 'If-None-Match: *', status: 304 },
    { field: 'If-None-Match: "2"', status: 200 },
    { field: 'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT', status: 304 },
    { field: 'If-Modified-Since: Sun, 31 Dec 2023 00:00:00 GMT', status: 200 },
  ])('$field', async ({ field, status }) => {
    const play = stage.play(script);
    await play.fetch();
    const reply = await play.fetch({ head: [field] });
    expect([reply.status, reply.body, statusOf(reply)]).toEqual([status, status === 200 ? 'hello' : '', 'hit']);
    if (status === 304) {
      // RFC 9110 §15.4.5: those that a 200 would have had, and none that speak of its body.
      for (const name of ['etag', 'cache-control', 'vary']) expect(fieldOf(reply, name)).toBeDefined();
      for (const name of ['content-type', 'content-length']) expect(valuesOf(reply.fields, name)).toEqual([]);
    }
    expect(play.asked).toHaveLength(1);
  });

  test('with nothing stored, the origin is asked for all of it, and the client is told that it has it', async () => {
    const play = stage.play(script);
    const reply = await play.fetch({ head: ['If-None-Match: "1"'] });
    expect([reply.status, statusOf(reply)]).toEqual([304, 'fwd=uri-miss; stored']);
    expect(play.asked[0]?.values('if-none-match')).toEqual([]);
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test('many at once, each with its own, have one fetch', async () => {
    const go = gate();
    const play = stage.play(async function* () {
      await go.open;
      yield script();
    });
    const all = play.fetchMany(40, (i) => (i % 2 === 0 ? {} : { head: [`If-None-Match: "${i % 4 === 1 ? 1 : 2}"`] }));
    await stage.quiet();
    go.lift();
    const statuses = (await all).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 40 }, (_, i) => (i % 4 === 1 ? 304 : 200)));
    expect(play.asked).toHaveLength(1);
  });

  test('only-if-cached asks nobody', async () => {
    const play = stage.play(script);
    const only = { head: ['Cache-Control: only-if-cached'] };
    expect((await play.fetch(only)).status).toBe(504);
    expect(play.asked).toHaveLength(0);
    await play.fetch();
    expect(await play.fetch(only)).toMatchObject({ status: 200, body: 'hello' });
  });
});
