import { beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { answer, type OriginRequest, type Script } from '../support/origin.ts';
import { connectRaw, fetchRaw, fieldOf, type RawClient, type RawResponse } from '../support/raw-client.ts';
import { chunks, gate, headOf, LAST_CHUNK, openStage, type Play, type Stage, statusOf } from './cache-scene.ts';

/** What is purged is not served any more: by no thread, and whatever was under way. */

const FRESH = 'Cache-Control: max-age=3600';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    workers: 4,
    site: {
      routes: [
        { path: '/device', cache: { key_headers: ['X-Device'] } },
        { path: '/ads', cache: { ignore_query: ['utm_*'] } },
      ],
    },
  });
});

interface Purge {
  readonly place?: Stage;
  readonly host?: string;
  readonly head?: readonly string[];
  /** Where the request comes from. */
  readonly from?: string;
}

function purge(
  target: string,
  { place = stage, host, head = [], from = '127.0.0.1' }: Purge = {},
): Promise<RawResponse> {
  const socket = { localAddress: from };
  return fetchRaw(place.port, target, { method: 'PURGE', head, socket, ...(host !== undefined && { host }) });
}

const SOFT = 'X-Purge-Soft: 1';

/** Says how often the origin has been asked below its target. */
const counting =
  (...fields: string[]): Script =>
  (request) =>
    answer(`${numbered(request)}`, { fields: [FRESH, ...fields] });

const asked = new Map<string, number>();

function numbered({ target }: OriginRequest): number {
  const count = (asked.get(target) ?? 0) + 1;
  asked.set(target, count);
  return count;
}

/** What is asked for in many ways, each of which is stored by itself. */
interface Way {
  readonly options: Parameters<typeof fetchRaw>[2];
  readonly query?: string;
  readonly https?: boolean;
}

const ask = (play: Play, { options = {}, query = '', https }: Way): Promise<RawResponse> =>
  https ? fetchRaw(stage.portico.port(1), play.target + query, { ...options, tls: {} }) : play.fetch(options, query);

async function statusesOf(play: Play, ways: readonly Way[]): Promise<string[]> {
  const replies: RawResponse[] = [];
  for (const way of ways) replies.push(await ask(play, way));
  return replies.map((each) => (statusOf(each) === 'hit' ? 'hit' : 'fetched'));
}

describe('a purge by URL', () => {
  test('is for all variants, by http and by https, and for nothing else', async () => {
    const play = stage.play(counting('Vary: Accept-Language'));
    const gone: Way[] = [
      { options: {} },
      { options: { head: ['Accept-Language: de'] } },
      { options: { head: ['Accept-Language: fr'] } },
      { options: {}, https: true },
      { options: { head: ['Accept-Language: de'] }, https: true },
    ];
    const kept: Way[] = [{ options: {}, query: '?page=2' }, { options: { host: 'other.example' } }];
    for (const way of [...gone, ...kept]) await ask(play, way);
    expect(await statusesOf(play, [...gone, ...kept])).toEqual(Array(7).fill('hit'));

    const reply = await purge(play.target);
    expect([reply.status, fieldOf(reply, 'content-type'), fieldOf(reply, 'cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ]);
    const urls = ['http', 'https'].map((scheme) => ({
      kind: 'url',
      text: `${scheme}://www.example.com${play.target}`,
    }));
    expect(JSON.parse(reply.body)).toEqual({ purged: urls, soft: false });
    expect(await statusesOf(play, gone)).toEqual(Array(5).fill('fetched'));
    expect(await statusesOf(play, [...gone, ...kept])).toEqual(Array(7).fill('hit'));
    // And it did not go to the origin.
    expect(play.asked.map(({ method }) => method)).not.toContain('PURGE');
  });

  test('is for whatever the site makes part of the key, and not for what it leaves out', async () => {
    const device = stage.play(counting(), '/device');
    const ways = ['phone', 'desk'].map((each) => ({ options: { head: [`X-Device: ${each}`] } }));
    for (const way of ways) await ask(device, way);
    await purge(device.target);
    expect(await statusesOf(device, ways)).toEqual(['fetched', 'fetched']);

    const ads = stage.play(counting(), '/ads');
    await ads.fetch({}, '?id=1&utm_source=a');
    await purge(`${ads.target}?id=1&utm_source=b`);
    expect(statusOf(await ads.fetch({}, '?id=1'))).not.toBe('hit');
  });

  test('goes by the host of the request, or by that of a whole URL', async () => {
    const play = stage.play(counting());
    const one = { options: { host: 'one.example' } };
    await ask(play, one);
    await purge(play.target, { host: 'two.example' });
    expect(await statusesOf(play, [one])).toEqual(['hit']);
    await purge(play.target, { host: 'ONE.example:80' });
    expect(await statusesOf(play, [one, one])).toEqual(['fetched', 'hit']);
    await purge(`http://one.example${play.target}`, { host: 'one.example' });
    expect(await statusesOf(play, [one])).toEqual(['fetched']);
  });

  test('by curl, over HTTP/2', async () => {
    const play = stage.play(counting());
    const url = stage.portico.url(1) + play.target;
    const host = ['-H', 'Host: www.example.com'];
    await curl(url, ...host);
    expect((await curl(url, ...host)).fields['cache-status']).toMatch(/^edge-1; hit/);
    expect(await curl(url, ...host, '-X', 'PURGE')).toMatchObject({ status: 200, version: '2' });
    expect((await curl(url, ...host)).text).toBe('2');
  });

  test('of what is not there does no harm', async () => {
    expect((await purge('/nothing/here')).status).toBe(200);
  });
});

test('a purge by prefix is for all that begins so, on that host', async () => {
  const [one, two, other] = [
    stage.play(counting(), '/shop/red'),
    stage.play(counting(), '/shop/red'),
    stage.play(counting(), '/shop/blue'),
  ];
  const ways: Way[] = [{ options: {} }, { options: {}, query: '?x' }, { options: {}, https: true }];
  const elsewhere = { options: { host: 'other.example' } };
  for (const play of [one, two, other]) for (const way of [...ways, elsewhere]) await ask(play, way);
  const reply = await purge('/shop/re*');
  expect(JSON.parse(reply.body).purged[0]).toEqual({ kind: 'prefix', text: 'http://www.example.com/shop/re' });
  for (const play of [one, two]) {
    expect(await statusesOf(play, [...ways, elsewhere])).toEqual(['fetched', 'fetched', 'fetched', 'hit']);
  }
  expect(await statusesOf(other, ways)).toEqual(['hit', 'hit', 'hit']);
});

describe('a purge by tag', () => {
  test.each([
    { tagged: 'Surrogate-Key: post-1 author-7', by: 'Surrogate-Key: author-7' },
    { tagged: 'Surrogate-Key: post-1 author-7', by: 'Cache-Tag: other, author-7' },
    { tagged: 'Cache-Tag: post 1, author 7', by: 'Cache-Tag: author 7' },
    { tagged: 'Cache-Tag: post-1,author-7', by: 'Surrogate-Key: other author-7' },
  ])('$tagged, purged by $by: whatever has it, on any host', async ({ tagged, by }) => {
    const plays = [stage.play(counting(tagged)), stage.play(counting(tagged))];
    const without = stage.play(counting('Surrogate-Key: author-77 author', 'Cache-Tag: 7'));
    const ways: Way[] = [{ options: {} }, { options: { host: 'other.example' } }, { options: {}, https: true }];
    for (const play of [...plays, without]) for (const way of ways) await ask(play, way);
    const reply = await purge('/whatever', { head: [by] });
    expect(JSON.parse(reply.body).purged).toContainEqual({ kind: 'tag', text: expect.stringMatching(/^author.7$/) });
    for (const play of plays) expect(await statusesOf(play, ways)).toEqual(['fetched', 'fetched', 'fetched']);
    expect(await statusesOf(without, ways)).toEqual(['hit', 'hit', 'hit']);
  });
});

test('a 304 may bring other tags, and those count from then on', async () => {
  const play = stage.play((request) => {
    const turn = play.asked.length;
    if (turn === 1) {
      return answer('old', { fields: ['Cache-Control: max-age=60', 'Age: 100', 'ETag: "1"', 'Surrogate-Key: before'] });
    }
    if (request.values('if-none-match').length === 0) return answer('new', { fields: [FRESH] });
    return `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\nETag: "1"\r\nSurrogate-Key: since\r\n\r\n`;
  });
  for (let i = 0; i < 2; i++) await play.fetch();
  await purge('/', { head: ['Cache-Tag: before'] });
  expect([(await play.fetch()).body, play.asked.length]).toEqual(['old', 2]);
  await purge('/', { head: ['Cache-Tag: since'] });
  expect((await play.fetch()).body).toBe('new');
});

test.each([
  { by: 'a purge', change: (play: Play) => purge(play.target) },
  { by: 'a POST', change: (play: Play) => play.fetch({ method: 'POST' }) },
])('parts that are stored go with the whole, by $by', async ({ change }) => {
  const play = stage.play(({ method }) =>
    method === 'POST'
      ? answer('')
      : answer(`${play.asked.length}`, {
          status: '206 Partial Content',
          fields: [FRESH, 'ETag: "1"', 'Content-Range: bytes 0-0/10'],
        }),
  );
  const part = { head: ['Range: bytes=0-0'] };
  for (let i = 0; i < 2; i++) expect((await play.fetch(part)).body).toBe('1');
  await change(play);
  expect((await play.fetch(part)).body).not.toBe('1');
});

test('a purge of everything is for every host', async () => {
  const plays = [stage.play(counting()), stage.play(counting('Vary: Accept-Language'))];
  const ways: Way[] = [{ options: {} }, { options: { host: 'other.example' } }, { options: {}, https: true }];
  for (const play of plays) for (const way of ways) await ask(play, way);
  expect(JSON.parse((await purge('/', { head: ['X-Purge-All: 1'] })).body)).toEqual({
    purged: [{ kind: 'all' }],
    soft: false,
  });
  for (const play of plays) expect(await statusesOf(play, ways)).toEqual(['fetched', 'fetched', 'fetched']);
});

describe('a soft purge', () => {
  const ETAG = 'ETag: "1"';
  const object = (directives = '') =>
    answer('old', { fields: [`${FRESH}${directives === '' ? '' : `, ${directives}`}`, ETAG, 'Surrogate-Key: soft'] });

  /** Answers so at first, and by `then` afterwards. */
  async function purged(first: Buffer, then: Buffer | string, head = [SOFT]): Promise<Play> {
    let count = 0;
    const play = stage.play(() => (count++ === 0 ? first : then));
    await play.fetch();
    const reply = await purge(play.target, { head });
    expect(JSON.parse(reply.body)).toMatchObject({ soft: true });
    return play;
  }

  const NEW = answer('new', { fields: [FRESH, 'ETag: "2"'] });
  const BROKEN = answer('broken', { status: '503 Busy' });

  test.each(['X-Purge-Soft: 1', 'Fastly-Soft-Purge: 1', 'X-Purge-Soft: true'])('%s: is validated', async (field) => {
    const unchanged = `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\n${ETAG}\r\n\r\n`;
    const play = await purged(object(), unchanged, [field]);
    const reply = await play.fetch();
    expect([reply.body, statusOf(reply)]).toEqual(['old', 'fwd=stale; fwd-status=304; stored; detail=purged']);
    expect(play.asked[1]?.values('if-none-match')).toEqual(['"1"']);
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test('what has changed takes its place', async () => {
    const play = await purged(object(), NEW);
    expect([(await play.fetch()).body, statusOf(await play.fetch())]).toEqual(['new', 'hit']);
  });

  test('is served while it is revalidated, where that is allowed', async () => {
    const play = await purged(object('stale-while-revalidate=60'), NEW);
    const reply = await play.fetch();
    expect([reply.body, statusOf(reply)]).toEqual(['old', 'hit; detail=stale-while-revalidate']);
    expect(fieldOf(reply, 'cache-status')).toContain('; ttl=0;');
    let next = await play.fetch();
    while (next.body === 'old') next = await play.fetch();
    expect([next.body, play.asked.length]).toEqual(['new', 2]);
  });

  test('is served when the origin fails, where that is allowed', async () => {
    const play = await purged(object('stale-if-error=60'), BROKEN);
    const reply = await play.fetch();
    expect([reply.body, statusOf(reply)]).toEqual(['old', 'hit; detail=stale-error']);
  });

  test.each(['', 'must-revalidate', 'stale-while-revalidate=60, must-revalidate'])(
    'is not served when the origin fails and nothing allows it: "%s"',
    async (directives) => {
      const play = await purged(object(directives), BROKEN);
      expect(await play.fetch()).toMatchObject({ status: 503, body: 'broken' });
    },
  );

  test('by prefix, tag and all', async () => {
    for (const [target, head] of [
      ['/soft/*', [SOFT]],
      ['/', [SOFT, 'Surrogate-Key: soft']],
      ['/', [SOFT, 'X-Purge-All: 1']],
    ] as const) {
      const play = stage.play(() => object('stale-while-revalidate=60'), '/soft');
      await play.fetch();
      await purge(target, { head });
      expect(statusOf(await play.fetch())).toBe('hit; detail=stale-while-revalidate');
    }
  });

  test('after which a hard one takes it away', async () => {
    const play = await purged(object('stale-if-error=60'), BROKEN);
    await purge(play.target);
    expect(await play.fetch()).toMatchObject({ status: 503, body: 'broken' });
  });
});

describe('who may purge', () => {
  test('is said by purge_from, of clients and of the proxies they come through', async () => {
    const trusted_proxies = ['127.0.0.3/32'];
    const place = await openStage({ cache: { purge_from: ['127.0.0.2/31', '192.0.2.0/24'] }, trusted_proxies });
    const play = place.play(counting());
    await play.fetch();
    const refused = [
      { from: '127.0.0.1' },
      { from: '127.0.0.1', head: ['X-Forwarded-For: 127.0.0.2'] },
      { from: '127.0.0.3', head: ['X-Forwarded-For: 203.0.113.9'] },
      { from: '127.0.0.1', head: ['X-Purge-All: 1'] },
    ];
    for (const each of refused) {
      const reply = await purge(play.target, { place, ...each });
      expect(reply.status).toBe(403);
      expect(statusOf(await play.fetch())).toBe('hit');
    }
    expect((await play.lines(9)).filter(({ error }) => error === 'access_denied')).toHaveLength(4);
    for (const each of [{ from: '127.0.0.2' }, { from: '127.0.0.3', head: ['X-Forwarded-For: 192.0.2.1'] }]) {
      expect((await purge(play.target, { place, ...each })).status).toBe(200);
      expect(statusOf(await play.fetch())).not.toBe('hit');
    }
  });

  test('is nobody where it is empty', async () => {
    const place = await openStage({ cache: { purge_from: [] } });
    expect((await purge('/', { place })).status).toBe(403);
  });

  test('an origin sees nothing of it; without a cache it is a method like any other', async () => {
    const place = await openStage({ cache: 'off' });
    const play = place.play(({ method }) => answer(`${method} is yours`));
    expect((await purge(play.target, { place })).body).toBe('PURGE is yours');
  });
});

test.each([
  { target: '/', head: ['Surrogate-Key: '], error: 'expected a tag in Surrogate-Key or Cache-Tag, got none' },
  { target: '/', head: ['Cache-Tag: , ,'], error: 'expected a tag in Surrogate-Key or Cache-Tag, got none' },
  { target: '/', head: ['X-Purge-All: 1', 'Cache-Tag: a'], error: 'expected X-Purge-All or tags, got both' },
  {
    target: '/',
    head: ['X-Purge-Soft: maybe'],
    error: 'expected 1 or 0 in X-Purge-All, X-Purge-Soft, Fastly-Soft-Purge',
  },
  {
    target: '/',
    head: [`Cache-Tag: ${'x'.repeat(257)}`],
    error: 'expected at most 256 tags of at most 256 characters',
  },
])('$head is no purge, and why is told', async ({ target, head, error }) => {
  const play = stage.play(counting());
  await play.fetch();
  const reply = await purge(target, { head });
  expect([reply.status, JSON.parse(reply.body)]).toEqual([400, { error }]);
  expect(statusOf(await play.fetch())).toBe('hit');
});

describe('when the reply has come', () => {
  const CONNECTIONS = 24;
  const ROUNDS = 250;

  test('no thread serves the old one: hundreds of purges, each followed at once by many requests', async () => {
    let version = 0;
    const play = stage.play(
      () => answer(`${version}`, { fields: [FRESH, 'ETag: "always"', 'Surrogate-Key: raced'] }),
      '/raced',
    );
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(stage.port)));
    const purger = await connectRaw(stage.port);
    const send = (client: RawClient, method: string, target: string, ...head: string[]) =>
      client.send(`${[`${method} ${target} HTTP/1.1`, 'Host: www.example.com', ...head].join('\r\n')}\r\n\r\n`);
    const kinds: readonly (readonly [string, ...string[]])[] = [
      [play.target],
      ['/raced/*'],
      ['/', 'Cache-Tag: raced'],
      ['/', 'X-Purge-All: 1'],
      [play.target],
      ['/raced/*', SOFT],
    ];
    for (let round = 0; round < ROUNDS; round++) {
      version = round;
      const [target, ...head] = kinds[round % kinds.length] as readonly [string, ...string[]];
      await send(purger, 'PURGE', target, ...head);
      expect((await purger.response('PURGE')).status).toBe(200);
      const bodies = await Promise.all(
        clients.map(async (client) => {
          await send(client, 'GET', play.target);
          await send(client, 'GET', play.target);
          return [(await client.response()).body, (await client.response()).body];
        }),
      );
      expect(bodies.flat()).toEqual(Array(2 * CONNECTIONS).fill(`${version}`));
    }
    // Nearly all of them were hits: it was not by never storing anything.
    expect(play.asked.length).toBeLessThan(ROUNDS * 3);
  });
});

describe('a fetch that was under way', () => {
  const TAG = 'Surrogate-Key: under-way';
  const KINDS = [
    { name: 'by URL', order: (play: Play) => purge(play.target) },
    { name: 'by prefix', order: (play: Play) => purge(`${play.target.slice(0, -1)}*`) },
    { name: 'by tag', order: () => purge('/', { head: [TAG] }) },
    { name: 'all', order: () => purge('/', { head: ['X-Purge-All: 1'] }) },
  ];

  test.each(KINDS)(
    'before its head, purged $name: does not bring it back, nor to those who waited',
    async ({ order }) => {
      const go = gate();
      const play = stage.play(async function* () {
        const turn = play.asked.length;
        if (turn === 1) await go.open;
        yield answer(turn === 1 ? 'old' : 'new', { fields: [FRESH, TAG] });
      });
      const before = play.fetchMany(12);
      await play.arrival(1);
      await stage.quiet();
      await order(play);
      const after = play.fetchMany(12);
      await stage.quiet();
      go.lift();
      for (const { body } of await after) expect(body).toBe('new');
      // Who asked before the purge may have either.
      for (const { status } of await before) expect(status).toBe(200);
      const reply = await play.fetch();
      expect([reply.body, statusOf(reply)]).toEqual(['new', 'hit']);
    },
  );

  test.each(KINDS)('in its body, purged $name: who has begun gets all of it, and nobody else', async ({ order }) => {
    const go = gate();
    const play = stage.play(async function* () {
      if (play.asked.length > 1) {
        yield answer('new', { fields: [FRESH, TAG] });
        return;
      }
      yield headOf(FRESH, TAG, 'Transfer-Encoding: chunked');
      yield* chunks(0, 1000);
      await go.open;
      yield* chunks(1000, 2000);
      yield LAST_CHUNK;
    });
    const leader = await play.follow();
    await leader.firstByte();
    const followers = await play.followMany(6);
    for (const each of followers) await each.firstByte();
    await order(play);
    for (const { body } of await play.fetchMany(12)) expect(body).toBe('new');
    go.lift();
    for (const each of [leader, ...followers]) {
      expect(await each.done()).toMatchObject({ status: 200, received: 2000, wrongAt: undefined, end: 'clean' });
    }
    await stage.quiet();
    for (const { body } of await play.fetchMany(6)) expect(body).toBe('new');
  });

  test.each(KINDS)('to validate it, purged $name: a 304 does not bring it back', async ({ order }) => {
    const go = gate();
    const play = stage.play(async function* (request) {
      const turn = play.asked.length;
      const conditional = request.values('if-none-match').length > 0;
      if (turn === 2) await go.open;
      if (conditional) yield `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\nETag: "1"\r\n\r\n`;
      else
        yield answer(turn === 1 ? 'old' : 'new', {
          fields: [turn === 1 ? 'Cache-Control: max-age=0' : FRESH, TAG, 'ETag: "1"'],
        });
    });
    await play.fetch();
    const validating = play.fetchMany(6);
    await play.arrival(2);
    await stage.quiet();
    await order(play);
    go.lift();
    for (const { status } of await validating) expect(status).toBe(200);
    for (const { body } of await play.fetchMany(12)) expect(body).toBe('new');
  });
});

test.each([
  { name: 'an error', last: answer('broken', { status: '503 Busy' }), status: 503 },
  { name: 'no answer', last: undefined, status: 502 },
])(
  'a fetch to validate it that ends with $name, purged meanwhile: it does not stand in for that',
  async ({ last, status }) => {
    const go = gate();
    const play = stage.play(async function* ({ connection }) {
      if (play.asked.length === 1) {
        yield answer('old', { fields: ['Cache-Control: max-age=0, stale-if-error=60', 'ETag: "1"'] });
        return;
      }
      await go.open;
      if (last === undefined) connection.reset();
      yield last ?? '';
    });
    await play.fetch();
    const validating = play.fetchMany(6);
    await play.arrival(2);
    await stage.quiet();
    await purge(play.target);
    go.lift();
    for (const reply of await validating) expect([reply.status, reply.body]).not.toContain('old');
    expect((await play.fetch()).status).toBe(status);
  },
);

describe('what a request changes', () => {
  const script = (): Script => {
    let version = 1;
    return ({ method }) => {
      if (method === 'GET') return answer(`${version}`, { fields: [FRESH, 'Vary: Accept-Language'] });
      version += 1;
      return answer('done');
    };
  };

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPPATCH'])(
    'by %s is fetched anew, in all variants',
    async (method) => {
      const play = stage.play(script());
      const languages = ['de', 'fr'].map((each) => ({ head: [`Accept-Language: ${each}`] }));
      for (const each of languages) await play.fetch(each);
      expect((await play.fetch({ method, body: 'x' })).body).toBe('done');
      for (const each of languages) expect((await play.fetch(each)).body).toBe('2');
      for (const reply of await play.fetchMany(12, () => languages[0])) expect(reply.body).toBe('2');
    },
  );

  test('also where the site leaves parts of the query out, or adds fields to the key', async () => {
    const ads = stage.play(script(), '/ads');
    await ads.fetch({}, '?id=1');
    await ads.fetch({ method: 'POST' }, '?utm_source=a&id=1');
    expect((await ads.fetch({}, '?id=1')).body).toBe('2');
    const device = stage.play(script(), '/device');
    await device.fetch({ head: ['X-Device: phone'] });
    await device.fetch({ method: 'POST', head: ['X-Device: desk'] });
    expect((await device.fetch({ head: ['X-Device: phone'] })).body).toBe('2');
  });

  test('each time, and at once for all threads', async () => {
    const play = stage.play(script());
    await play.fetchMany(12);
    for (let version = 2; version < 40; version++) {
      await play.fetch({ method: 'POST' });
      for (const reply of await play.fetchMany(8)) expect(reply.body).toBe(`${version}`);
    }
  });

  test.each(['400 Bad Request', '409 Conflict', '500 Broken'])('not by what was refused: %s', async (status) => {
    const play = stage.play(({ method }) =>
      method === 'GET' ? answer('1', { fields: [FRESH] }) : answer('', { status }),
    );
    await play.fetch();
    await play.fetch({ method: 'POST' });
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test.each(['OPTIONS', 'HEAD', 'PROPFIND'])('not by %s, which is safe', async (method) => {
    const play = stage.play((request) =>
      request.method === 'HEAD' ? headOf(FRESH) : answer('1', { fields: [FRESH] }),
    );
    await play.fetch();
    await play.fetch({ method });
    expect(statusOf(await play.fetch())).toBe('hit');
  });

  test.each([
    { name: 'Location', status: '303 See Other' },
    { name: 'Location', status: '201 Created' },
    { name: 'Content-Location', status: '200 OK' },
  ])('$name of a $status names what else has changed', async ({ name, status }) => {
    const [relative, absolute, foreign, kept] = [1, 2, 3, 4].map(() => stage.play(counting())) as [
      Play,
      Play,
      Play,
      Play,
    ];
    for (const each of [relative, absolute, foreign, kept]) await each.fetch();
    for (const [value, expected] of [
      [relative.target, relative],
      [`http://www.example.com${absolute.target}`, absolute],
    ] as const) {
      const play = stage.play(() => answer('', { status, fields: [`${name}: ${value}`] }));
      await play.fetch({ method: 'POST' });
      expect(statusOf(await expected.fetch())).not.toBe('hit');
    }
    // Nobody empties what belongs to another host.
    const play = stage.play(() => answer('', { status, fields: [`${name}: http://www.example.com${foreign.target}`] }));
    await play.fetch({ method: 'POST', host: 'evil.example' });
    expect([statusOf(await foreign.fetch()), statusOf(await kept.fetch())]).toEqual(['hit', 'hit']);
  });

  test('what was fetched meanwhile is not kept: it may be from before', async () => {
    const go = gate();
    const play = stage.play(async function* ({ method }) {
      const turn = play.asked.length;
      if (method === 'POST') yield answer('done');
      else {
        if (turn === 1) await go.open;
        yield answer(turn === 1 ? 'before' : 'since', { fields: [FRESH] });
      }
    });
    const first = play.fetch();
    await play.arrival(1);
    await play.fetch({ method: 'POST' });
    go.lift();
    await first;
    expect((await play.fetch()).body).toBe('since');
  });
});
