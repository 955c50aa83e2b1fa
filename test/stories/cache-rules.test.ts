import { beforeAll, describe, expect, test } from 'vitest';
import { refusingOrigin } from '../support/dead-ends.ts';
import { valuesOf } from '../support/http1-parser.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { connectRaw, fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import { cachingDoor, headOf, KIB, openStage, type Play, type Stage, statusOf } from './cache-scene.ts';

/** What a site and its routes say of the cache. */

const FRESH = 'Cache-Control: max-age=60';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    site: {
      cache: { default_ttl: 'off' },
      routes: [
        { path: '/off', cache: 'off' },
        { path: '/default', cache: { default_ttl: '1h' } },
        { path: '/ttl', cache: { ttl: '1h' } },
        {
          path: '/refresh',
          cache: {
            refresh: [
              { path: '/refresh/images', min: '1h', percent: '50%', max: '2h' },
              { path: '~ \\.(css|js)/', min: '1m', percent: '10%', max: '1d' },
              { path: '/refresh', percent: '50%', max: '10m' },
            ],
          },
        },
        { path: '/ads', cache: { ignore_query: ['utm_*', 'ref'] } },
        { path: '/static', cache: { ignore_query: true } },
        { path: '/device', cache: { key_headers: ['X-Device', 'X-Country'] } },
        { path: '/shop', cache: { vary_cookies: ['currency'] } },
        { path: '/strip', cache: { set_cookie: 'strip' } },
        { path: '/store', cache: { set_cookie: 'store' } },
        {
          path: '/hidden',
          response_headers: {
            remove: ['Age', 'Cache-Status', 'Date', 'Via', 'X-Request-Id', 'X-Backend'],
            set: { 'X-Site': 'yes', 'Cache-Control': 'max-age=5' },
          },
        },
      ],
    },
  });
});

/** Seconds of freshness that the reply tells are left. */
function ttlOf(reply: RawResponse): number | undefined {
  const ttl = /; ttl=(-?\d+)/.exec(fieldOf(reply, 'cache-status') ?? '')?.[1];
  return ttl === undefined ? undefined : Number(ttl);
}

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Date, and Last-Modified so many seconds before it. */
function unchangedFor(seconds: number): string[] {
  const now = Date.now();
  return [
    `Date: ${new Date(now).toUTCString()}`,
    `Last-Modified: ${new Date(now - seconds * 1000).toUTCString()}`,
    'ETag: "1"',
  ];
}

const OK = '200 OK';

describe('how long a response is fresh', () => {
  test.each<{ prefix: string; fields: string[] | number; status?: string; ttl: number | string; why: string }>([
    { prefix: '', fields: [], ttl: 'no-freshness', why: 'nothing is known' },
    { prefix: '', fields: 10 * DAY, ttl: 2 * DAY, why: 'a fifth of the time since its last change' },
    { prefix: '', fields: 100 * DAY, ttl: 3 * DAY, why: 'which is three days at most' },
    { prefix: '', fields: ['Cache-Control: max-age=10, s-maxage=20'], ttl: 20, why: 's-maxage is for us' },
    { prefix: '', fields: ['Cache-Control: no-store', 'CDN-Cache-Control: max-age=30'], ttl: 30, why: 'so is this' },
    { prefix: '', fields: ['Cache-Control: max-age=10', 'Age: 4'], ttl: 6, why: 'it had been somewhere else before' },
    { prefix: '/default', fields: [], ttl: HOUR, why: 'the route says so' },
    { prefix: '/default', fields: 10 * DAY, ttl: HOUR, why: 'the route goes before guesses' },
    { prefix: '/default', fields: ['Cache-Control: max-age=10'], ttl: 10, why: 'the response goes before default_ttl' },
    { prefix: '/default', fields: ['Cache-Control: no-store'], ttl: 'no-store', why: 'and may forbid it' },
    { prefix: '/ttl', fields: [], ttl: HOUR, why: 'ttl goes before all' },
    { prefix: '/ttl', fields: ['Cache-Control: max-age=10, s-maxage=5'], ttl: HOUR, why: 'what a response says' },
    { prefix: '/ttl', fields: ['Expires: 0'], ttl: HOUR, why: 'in whatever field' },
    { prefix: '/ttl', fields: ['Cache-Control: max-age=10', 'Age: 600'], ttl: HOUR - 600, why: 'but not before age' },
    { prefix: '/ttl', fields: ['Cache-Control: no-store'], ttl: 'no-store', why: 'nor what forbids storing' },
    { prefix: '/ttl', fields: ['Cache-Control: private'], ttl: 'private', why: 'of any kind' },
    { prefix: '/ttl', fields: ['Set-Cookie: a=b'], ttl: 'set-cookie', why: 'cookies as well' },
    { prefix: '/ttl', fields: [], status: '503 Busy', ttl: 'no-freshness', why: 'an error is not kept by it' },
    { prefix: '/refresh/images', fields: ['ETag: "1"'], ttl: HOUR, why: 'min, when nothing is known' },
    { prefix: '/refresh/images', fields: HOUR, ttl: HOUR, why: 'min, when the share is less' },
    { prefix: '/refresh/images', fields: 3 * HOUR, ttl: 1.5 * HOUR, why: 'the share' },
    { prefix: '/refresh/images', fields: 9 * HOUR, ttl: 2 * HOUR, why: 'max, when the share is more' },
    { prefix: '/refresh/a.css', fields: HOUR, ttl: 360, why: 'a path by an expression' },
    { prefix: '/refresh/images/a.css', fields: HOUR, ttl: HOUR, why: 'the first that matches' },
    { prefix: '/refresh', fields: 600, ttl: 300, why: 'by path' },
    { prefix: '/refresh', fields: ['Cache-Control: max-age=7'], ttl: 7, why: 'the response goes before refresh rules' },
    { prefix: '/refresh', fields: ['Cache-Control: no-store'], ttl: 'no-store', why: 'and may forbid it' },
    {
      prefix: '/refresh/images',
      fields: [],
      status: '404 Not Found',
      ttl: 'no-freshness',
      why: 'errors are not meant',
    },
  ])('below "$prefix" with $fields ($status): $ttl, for $why', async ({ prefix, fields, status = OK, ttl }) => {
    const sent = typeof fields === 'number' ? unchangedFor(fields) : fields;
    const play = stage.play(() => answer('', { status, fields: sent }), prefix);
    const reply = await play.fetch();
    if (typeof ttl === 'string') {
      expect(statusOf(reply)).toBe(`fwd=uri-miss; detail=${ttl}`);
      expect(statusOf(await play.fetch())).not.toBe('hit');
    } else {
      // Date has no fractions of a second, and this takes its time.
      expect([ttl, ttl - 1, ttl - 2]).toContain(ttlOf(reply));
      expect(statusOf(await play.fetch())).toBe('hit');
    }
  });

  test('ends to the second, by the real clock', async () => {
    const play = stage.play(() => answer(`${play.asked.length}`, { fields: ['Cache-Control: max-age=1'] }));
    const begun = Date.now();
    await play.fetch();
    const stored = Date.now();
    let reply = await play.fetch();
    while (reply.body === '1') {
      expect(Date.now() - stored).toBeLessThan(3000);
      reply = await play.fetch();
    }
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
    expect(statusOf(reply)).toBe('fwd=stale; stored; detail=stale');
  });
});

describe('answers that say no', () => {
  test.each(['404 Not Found', '410 Gone', '405 Method Not Allowed', '501 Not Implemented', '301 Moved Permanently'])(
    '%s is kept where the route has a default_ttl',
    async (status) => {
      const play = stage.play(() => answer('no', { status }), '/default');
      await play.fetch();
      const reply = await play.fetch();
      expect([`${reply.status}`, reply.body, statusOf(reply)]).toEqual([status.slice(0, 3), 'no', 'hit']);
    },
  );

  test.each(['500 Broken', '502 Broken', '503 Busy', '403 Forbidden', '302 Found', '429 Too Many'])(
    '%s is not, unless it says so itself',
    async (status) => {
      const play = stage.play(() => answer('no', { status }), '/default');
      for (let i = 0; i < 2; i++) expect(statusOf(await play.fetch())).toMatch(/^fwd=/);
      const saying = stage.play(() => answer('no', { status, fields: [FRESH] }), '/default');
      await saying.fetch();
      // 429 is about one client (RFC 6585 §7.2).
      expect(statusOf(await saying.fetch()) === 'hit').toBe(!status.startsWith('429'));
    },
  );
});

describe('cache: off', () => {
  test('nothing is looked up, stored or said', async () => {
    const play = stage.play(() => answer(`${play.asked.length}`, { fields: [FRESH, 'ETag: "1"'] }), '/off');
    for (const count of ['1', '2', '3']) {
      const reply = await play.fetch();
      expect([reply.body, valuesOf(reply.fields, 'cache-status'), valuesOf(reply.fields, 'age')]).toEqual([
        count,
        [],
        [],
      ]);
    }
    for (const line of await play.lines(3)) expect(line.cache).toBeUndefined();
    // Conditions are the origin's business then.
    await play.fetch({ head: ['If-None-Match: "0"', 'Range: bytes=0-1'] });
    expect([play.asked[3]?.values('if-none-match'), play.asked[3]?.values('range')]).toEqual([['"0"'], ['bytes=0-1']]);
  });
});

describe('keys', () => {
  const counting = (prefix: string, ...fields: string[]): Play => {
    const play = stage.play(() => answer(`${play.asked.length}`, { fields: [FRESH, ...fields] }), prefix);
    return play;
  };

  test.each([
    { prefix: '/ads', one: '?utm_source=a&id=1', other: '?id=1&utm_medium=b', same: true },
    { prefix: '/ads', one: '?ref=a', other: '', same: true },
    { prefix: '/ads', one: '?ref=a&ref=b&utm_', other: '?utm_x', same: true },
    { prefix: '/ads', one: '?id=1', other: '?id=2', same: false },
    { prefix: '/ads', one: '?reference=1', other: '', same: false },
    { prefix: '/ads', one: '?UTM_source=1', other: '', same: false },
    { prefix: '/ads', one: '?utm_x=1;id=2', other: '', same: false },
    { prefix: '/ads', one: '?a=1&b=2', other: '?b=2&a=1', same: false },
    { prefix: '/static', one: '?v=1', other: '?v=2', same: true },
    { prefix: '', one: '?utm_source=a', other: '', same: false },
    { prefix: '', one: '?', other: '', same: false },
  ])('below "$prefix" $one and "$other" are the same: $same', async ({ prefix, one, other, same }) => {
    const play = counting(prefix);
    await play.fetch({}, one);
    expect(statusOf(await play.fetch({}, other)) === 'hit').toBe(same);
    // The origin is asked for what the client asked for.
    expect(play.asked[0]?.target).toBe(play.target + one);
  });

  test.each([
    { one: ['X-Device: phone'], other: ['x-device: phone'], same: true },
    { one: ['X-Device: phone'], other: ['X-Device: desk'], same: false },
    { one: ['X-Device: phone'], other: [], same: false },
    { one: ['X-Device:'], other: [], same: false },
    { one: ['X-Device: a', 'X-Country: b'], other: ['X-Country: b', 'X-Device: a'], same: true },
    { one: ['X-Device: a', 'X-Country: b'], other: ['X-Device: b', 'X-Country: a'], same: false },
    { one: ['X-Other: a'], other: ['X-Other: b'], same: true },
  ])('by fields: $one and $other are the same: $same', async ({ one, other, same }) => {
    const play = counting('/device');
    await play.fetch({ head: one });
    expect(statusOf(await play.fetch({ head: other })) === 'hit').toBe(same);
  });

  test.each([
    { one: 'currency=EUR; session=1', other: 'session=2; currency=EUR', same: true },
    { one: 'currency=EUR', other: 'currency=USD', same: false },
    { one: 'session=1', other: 'session=2', same: true },
    { one: 'currency=', other: 'session=2', same: false },
    { one: 'xcurrency=EUR', other: 'xcurrency=USD', same: true },
  ])('by cookies: $one and $other are the same: $same', async ({ one, other, same }) => {
    const play = counting('/shop', 'Vary: Cookie');
    await play.fetch({ head: [`Cookie: ${one}`] });
    expect(statusOf(await play.fetch({ head: [`Cookie: ${other}`] })) === 'hit').toBe(same);
    // The origin gets all of them.
    expect(play.asked[0]?.values('cookie')).toEqual([one]);
  });
});

describe('set_cookie', () => {
  const cookies = (prefix: string, directives = 'max-age=60'): Play =>
    stage.play(
      ({ connection: _ }) =>
        answer('page', { fields: [`Cache-Control: ${directives}`, 'Set-Cookie: session=1', 'Set-Cookie: b=2'] }),
      prefix,
    );
  const cookiesOf = ({ fields }: RawResponse) => valuesOf(fields, 'set-cookie');
  const BOTH = ['session=1', 'b=2'];

  test('bypass: whoever asks gets cookies of their own', async () => {
    const play = cookies('');
    for (let i = 0; i < 3; i++) {
      const reply = await play.fetch();
      expect(cookiesOf(reply)).toEqual(BOTH);
      expect(statusOf(reply)).toMatch(/^fwd=uri-miss; detail=(set-cookie|hit-for-miss)$/);
    }
    expect(play.asked).toHaveLength(3);
  });

  test('bypass: what says that the cookie is not for others is stored without it', async () => {
    const play = cookies('', 'max-age=60, no-cache="Set-Cookie"');
    await play.fetch();
    const reply = await play.fetch();
    expect([statusOf(reply), cookiesOf(reply)]).toEqual(['hit', []]);
  });

  test('strip: stored and served without', async () => {
    const play = cookies('/strip');
    const [first, second] = [await play.fetch(), await play.fetch()];
    expect([cookiesOf(first), cookiesOf(second), statusOf(second)]).toEqual([[], [], 'hit']);
  });

  test('strip: what is not stored keeps them', async () => {
    const play = cookies('/strip', 'private');
    expect(cookiesOf(await play.fetch())).toEqual(BOTH);
  });

  test('store: everybody gets the same', async () => {
    const play = cookies('/store');
    const [first, second] = [await play.fetch(), await play.fetch()];
    expect([cookiesOf(first), cookiesOf(second), statusOf(second)]).toEqual([BOTH, BOTH, 'hit']);
  });
});

describe('Authorization', () => {
  const AUTH = { head: ['Authorization: Basic YTpi'] };

  test.each([
    { directives: 'max-age=60', stored: false },
    { directives: 'max-age=60, proxy-revalidate', stored: false },
    { directives: 'max-age=60, immutable', stored: false },
    { directives: 'max-age=60, public', stored: true },
    { directives: 's-maxage=60', stored: true },
    { directives: 'max-age=60, must-revalidate', stored: true },
    { directives: 'private, max-age=60, public', stored: false },
  ])('with $directives: kept: $stored', async ({ directives, stored }) => {
    const play = stage.play(() => answer('page', { fields: [`Cache-Control: ${directives}`] }));
    const first = await play.fetch(AUTH);
    if (!stored) expect(statusOf(first)).toMatch(/detail=(authorization|private)$/);
    expect(statusOf(await play.fetch(AUTH)) === 'hit').toBe(stored);
    expect(statusOf(await play.fetch()) === 'hit').toBe(stored);
  });

  test('many at once wait for nobody else', async () => {
    const play = stage.play((request) => answer(`${request.values('authorization')}`, { fields: [FRESH] }));
    const replies = await play.fetchMany(20, (i) => ({ head: [`Authorization: Bearer ${i}`] }));
    expect(replies.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, i) => `Bearer ${i}`));
  });
});

describe('only-if-cached', () => {
  const ONLY = { head: ['Cache-Control: only-if-cached'] };

  test('is served what is stored, and 504 else: the origin hears nothing', async () => {
    const play = stage.play(() => answer('page', { fields: [FRESH] }));
    const none = await play.fetch(ONLY);
    expect([none.status, statusOf(none)]).toEqual([504, 'detail=uri-miss']);
    expect(play.asked).toHaveLength(0);
    await play.fetch();
    expect(await play.fetch(ONLY)).toMatchObject({ status: 200, body: 'page' });
    expect(play.asked).toHaveLength(1);
    const line = (await play.lines(3)).find(({ status }) => status === 504);
    expect([line?.error, line?.cache_detail, line?.splash]).toEqual(['not_cached', 'uri-miss', undefined]);
  });

  test('504 where it is stale', async () => {
    const play = stage.play(() => answer('page', { fields: ['Cache-Control: max-age=60', 'Age: 100', 'ETag: "1"'] }));
    await play.fetch();
    const reply = await play.fetch(ONLY);
    expect([reply.status, statusOf(reply)]).toEqual([504, 'detail=stale']);
    expect(play.asked).toHaveLength(1);
  });
});

describe('what replies say', () => {
  const BACKEND = ['X-Backend: 7', 'ETag: "1"', 'Via: 1.1 inner', 'Cache-Status: inner; hit'];
  const script = () => answer('hello, world', { fields: ['Cache-Control: max-age=60', ...BACKEND] });

  test.each([
    { name: 'a miss and hits', options: {}, status: 200 },
    { name: 'HEAD', options: { method: 'HEAD' }, status: 200 },
    { name: 'a range', options: { head: ['Range: bytes=0-4'] }, status: 206 },
    { name: 'a 304', options: { head: ['If-None-Match: "1"'] }, status: 304 },
    { name: 'a POST', options: { method: 'POST' }, status: 200 },
  ])('response_headers hold for $name', async ({ options, status }) => {
    const play = stage.play(script, '/hidden');
    const replies = [await play.fetch()];
    const client = await connectRaw(stage.port);
    const { method = 'GET', head = [] } = options as { method?: string; head?: string[] };
    // The same thread answers all of these.
    for (let i = 0; i < 3; i++) {
      await client.send(
        `${[`${method} ${play.target} HTTP/1.1`, 'Host: www.example.com', ...head].join('\r\n')}\r\n\r\n`,
      );
      replies.push(await client.response(method));
    }
    expect(replies[3]?.status).toBe(status);
    for (const { fields } of replies) {
      for (const name of ['age', 'cache-status', 'date', 'via', 'x-request-id', 'x-backend']) {
        expect([name, ...valuesOf(fields, name)]).toEqual([name]);
      }
      expect([valuesOf(fields, 'x-site'), valuesOf(fields, 'cache-control')]).toEqual([['yes'], ['max-age=5']]);
    }
    expect(play.asked).toHaveLength(method === 'POST' ? 4 : 1);
  });

  test('without them: Age, Via and Cache-Status after what others said, and one Date', async () => {
    const play = stage.play(script);
    await play.fetch();
    for (let i = 0; i < 4; i++) {
      const { fields } = await play.fetch();
      expect(valuesOf(fields, 'cache-status')).toEqual([
        expect.stringMatching(/^inner; hit, edge-1; hit; ttl=(59|60)$/),
      ]);
      expect([valuesOf(fields, 'via'), valuesOf(fields, 'age'), valuesOf(fields, 'date').length]).toEqual([
        ['1.1 inner, 1.1 edge-1'],
        [expect.stringMatching(/^[01]$/)],
        1,
      ]);
      expect(valuesOf(fields, 'x-request-id')).toHaveLength(1);
    }
  });
});

describe('a reload', () => {
  let place: Stage;

  beforeAll(async () => {
    place = await openStage({ cache: { memory: '16MiB' } });
  });

  async function take(scene: object): Promise<void> {
    const settings = { cache: { memory: '16MiB' }, ...scene };
    expect((await place.portico.reload(cachingDoor(place.origin, settings))).message).toBe('reloaded');
  }

  const warnings = () => place.portico.events.all.filter(({ level }) => level === 'warn');

  test('that switches a route off and on again holds at once; what is stored stays', async () => {
    const play = place.play(() => answer(`${play.asked.length}`, { fields: [FRESH] }));
    await play.fetch();
    expect((await play.fetch()).body).toBe('1');
    await take({ site: { cache: 'off' } });
    expect((await play.fetch()).body).toBe('2');
    await take({});
    expect((await play.fetch()).body).toBe('1');
  });

  test('that changes what replies say holds for what is stored', async () => {
    const play = place.play(() => answer('page', { fields: [FRESH, 'X-Backend: 7'] }));
    for (let i = 0; i < 8; i++) await play.fetch();
    await take({
      cache: { memory: '16MiB', tell_status: false },
      site: { response_headers: { remove: ['X-Backend', 'Age'], set: { 'X-Site': 'yes' } } },
    });
    for (let i = 0; i < 8; i++) {
      const { fields, body } = await play.fetch();
      const told = ['x-backend', 'age', 'cache-status', 'x-site'].map((name) => valuesOf(fields, name));
      expect([body, ...told]).toEqual(['page', [], [], [], ['yes']]);
    }
    expect(play.asked).toHaveLength(1);
    await take({});
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test('tell_status: false hides it from clients alone', async () => {
    await take({ cache: { memory: '16MiB', tell_status: false } });
    const play = place.play(() => answer('page', { fields: [FRESH, 'Cache-Status: inner; hit'] }));
    for (let i = 0; i < 3; i++) expect(valuesOf((await play.fetch()).fields, 'cache-status')).toEqual(['inner; hit']);
    const none = await play.fetch({ head: ['Cache-Control: only-if-cached, no-cache'] });
    expect([none.status, valuesOf(none.fields, 'cache-status')]).toEqual([504, []]);
    const lines = await play.lines(4);
    expect(lines.map(({ cache }) => cache).sort()).toEqual(['hit', 'hit', 'none', 'uri-miss']);
    await take({});
  });

  test('that keeps cookies back keeps those back that were stored', async () => {
    await take({ site: { cache: { set_cookie: 'store' } } });
    const fields = [FRESH, 'Set-Cookie: session=1'];
    const plays = [1, 2].map(() => place.play(() => answer('page', { fields })));
    for (const play of plays) for (let i = 0; i < 6; i++) await play.fetch();
    for (const [i, set_cookie] of (['bypass', 'strip'] as const).entries()) {
      await take({ site: { cache: { set_cookie } } });
      const play = plays[i] as Play;
      for (let n = 0; n < 6; n++) {
        const reply = await play.fetch();
        if (statusOf(reply) === 'hit') expect(valuesOf(reply.fields, 'set-cookie')).toEqual([]);
      }
    }
    await take({});
  });

  test('that makes fields part of the key separates what was one', async () => {
    const play = place.play(({ fields }: OriginRequest) =>
      answer(`${fields.find(([name]) => name.toLowerCase() === 'x-device')?.[1]}`, { fields: [FRESH] }),
    );
    const ask = async (device: string) => (await play.fetch({ head: [`X-Device: ${device}`] })).body;
    expect([await ask('phone'), await ask('desk')]).toEqual(['phone', 'phone']);
    await take({ site: { cache: { key_headers: ['X-Device'] } } });
    expect([await ask('desk'), await ask('phone'), await ask('desk')]).toEqual(['desk', 'phone', 'desk']);
    await take({});
  });

  test('splash.stale holds at once for what is stored', async () => {
    const stale = ['Cache-Control: max-age=60', `Age: ${8 * DAY}`, 'ETag: "1"'];
    const play = place.play(() => answer('old', { fields: stale }));
    await play.fetch();
    const url = await refusingOrigin();
    const scene = (site: object) => cachingDoor({ url }, { cache: { memory: '16MiB' }, site });
    await place.portico.reload(scene({}));
    expect((await play.fetch()).status).toBe(503);
    await place.portico.reload(scene({ splash: { stale: '30d' } }));
    expect(await play.fetch()).toMatchObject({ status: 200, body: 'old' });
    await take({});
  });

  test('who may purge, and how large an object may be, change at once', async () => {
    await take({ cache: { memory: '16MiB', purge_from: [], object_limit: '1KiB' } });
    const play = place.play(() => answer('x'.repeat(2 * KIB), { fields: [FRESH] }));
    expect(statusOf(await play.fetch())).toBe('fwd=uri-miss; detail=too-large');
    expect((await fetchRaw(place.port, '/', { method: 'PURGE' })).status).toBe(403);
    await take({});
    expect((await fetchRaw(place.port, '/', { method: 'PURGE' })).status).toBe(200);
    await play.fetch();
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test('does not change the tiers: the log says that it takes a restart', async () => {
    const play = place.play(() => answer(`${play.asked.length}`, { fields: [FRESH] }));
    await play.fetch();
    const told = warnings().length;
    await take({ cache: { memory: '32MiB' } });
    await place.portico.events.waitFor('the tiers of the cache change with the next start');
    expect(warnings()).toHaveLength(told + 1);
    expect((await play.fetch()).body).toBe('1');
    await take({ cache: { memory: '32MiB' }, site: { cache: { default_ttl: '1h' } } });
    expect(warnings()).toHaveLength(told + 1);
    await take({ cache: 'off' });
    expect((await play.fetch()).body).toBe('2');
    await take({});
    expect((await play.fetch()).body).toBe('1');
  });

  test('that is refused changes nothing', async () => {
    const play = place.play(() => answer('page', { fields: [FRESH] }));
    await play.fetch();
    const refused = await place.portico.reload(
      cachingDoor(place.origin, { cache: { memory: '16MiB', object_limit: '8MiB' } }),
    );
    expect([refused.message, String(refused.problems)]).toEqual([
      'reload refused',
      expect.stringContaining('cache.object_limit: expected at most a quarter of memory'),
    ]);
    expect(statusOf(await play.fetch())).toBe('hit');
  });
});

test('a HEAD alone stores nothing', async () => {
  const play = stage.play(({ method }) => (method === 'HEAD' ? headOf(FRESH) : answer('page', { fields: [FRESH] })));
  for (let i = 0; i < 2; i++) expect(statusOf(await play.fetch({ method: 'HEAD' }))).toMatch(/^fwd=uri-miss/);
});
