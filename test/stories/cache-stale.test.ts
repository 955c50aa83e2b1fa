import { beforeAll, describe, expect, test } from 'vitest';
import { refusingOrigin, unreachableOrigin } from '../support/dead-ends.ts';
import { answer, type OriginRequest, type Script } from '../support/origin.ts';
import { fieldOf, type RawResponse } from '../support/raw-client.ts';
import { PATIENCE, turn } from '../support/wait.ts';
import {
  type CacheLine,
  type CacheScene,
  cachingDoor,
  gate,
  headOf,
  openStage,
  type Play,
  type Stage,
  statusOf,
} from './cache-scene.ts';

/** What is stale is served where that is allowed and of use, and never else. */

/** Below this, origins may be silent for a short time only. */
const HASTY = '/hasty';

const scene: CacheScene = {
  pool: { retries: { attempts: 1 } },
  site: {
    splash: { after: '10s' },
    routes: [
      { path: '/renewed', cache: { stale_while_revalidate: '1h' } },
      { path: '/forgiving', cache: { stale_if_error: '1h' } },
      { path: HASTY, splash: { after: '200ms' } },
      { path: '/shown', splash: { after: '200ms', stale: '1d' } },
    ],
  },
};

let stage: Stage;

beforeAll(async () => {
  stage = await openStage(scene);
});

/** A response that has been stale for 100 s when it comes, and can be validated. */
const stale = (directives = '', ...fields: string[]) =>
  answer('old', {
    fields: [
      `Cache-Control: max-age=60${directives === '' ? '' : ', '}${directives}`,
      'Age: 160',
      'ETag: "1"',
      ...fields,
    ],
  });

const FRESH = answer('new', { fields: ['Cache-Control: max-age=60', 'ETag: "2"'] });

const NOT_MODIFIED = 'HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "1"\r\n\r\n';

/** One answer after the other, the last one from then on. */
function inTurn(...scripts: readonly (Script | Buffer | string)[]): Script {
  let turn = 0;
  return (request) => {
    const script = scripts[Math.min(turn++, scripts.length - 1)] as Script | Buffer | string;
    return typeof script === 'function' ? script(request) : script;
  };
}

/** A gate, and an origin that answers once it is lifted. */
function held(reply: Buffer | string) {
  const go = gate();
  const script: Script = async function* () {
    await go.open;
    yield reply;
  };
  return { script, lift: () => go.lift() };
}

const told = (reply: RawResponse) => [reply.body, statusOf(reply)];

/** Asks until it is not this any more. */
async function after(play: Play, body: string): Promise<RawResponse> {
  for (;;) {
    const reply = await play.fetch();
    if (reply.body !== body) return reply;
  }
}

const SWR = 'stale-while-revalidate=1000';
const BEHIND = ['old', 'hit; detail=stale-while-revalidate'];

describe('stale-while-revalidate', () => {
  test('the client never waits; one request behind it, with a condition; then what that brought is served', async () => {
    const { script, lift } = held(FRESH);
    const play = stage.play(inTurn(stale(SWR), script));
    await play.fetch();
    const reply = await play.fetch();
    expect(told(reply)).toEqual(BEHIND);
    expect([fieldOf(reply, 'age'), fieldOf(reply, 'cache-status')]).toEqual([
      expect.stringMatching(/^16\d$/),
      expect.stringMatching(/^edge-1; hit; ttl=-10\d; detail=stale-while-revalidate$/),
    ]);
    for (const each of await play.fetchMany(20)) expect(told(each)).toEqual(BEHIND);
    const renewal = await play.arrival(2);
    expect(renewal.values('if-none-match')).toEqual(['"1"']);
    lift();
    expect(told(await after(play, 'old'))).toEqual(['new', 'hit']);
    expect(play.asked).toHaveLength(2);
    expect(await laterLine(play)).toMatchObject({ cache: 'hit', cache_detail: 'stale-while-revalidate', attempts: 0 });
  });

  test('a 304 behind it makes it fresh again', async () => {
    const play = stage.play(inTurn(stale(SWR), NOT_MODIFIED));
    await play.fetch();
    expect(told(await play.fetch())).toEqual(BEHIND);
    let reply = await play.fetch();
    while (statusOf(reply) !== 'hit') reply = await play.fetch();
    expect([reply.body, Number(fieldOf(reply, 'age')) <= 1, play.asked.length]).toEqual(['old', true, 2]);
  });

  test.each([
    { name: 'an error', script: answer('broken', { status: '500 Broken' }) },
    { name: 'a connection that ends', script: reset },
    { name: 'silence', script: silence, prefix: HASTY },
  ])('$name behind it is not seen by anybody, and the next one asks again', async ({ script, prefix = '' }) => {
    const play = stage.play(inTurn(stale(SWR), script, FRESH), prefix);
    await play.fetch();
    let reply = await play.fetch();
    while (play.asked.length < 3) {
      expect(told(reply)).toEqual(BEHIND);
      reply = await play.fetch();
    }
    expect(told(await after(play, 'old'))).toEqual(['new', 'hit']);
  });

  test('an answer behind it that nobody may keep ends it: the next one gets its own', async () => {
    const secret = answer('secret', { fields: ['Cache-Control: private'] });
    const play = stage.play(inTurn(stale(SWR), secret));
    await play.fetch();
    expect(told(await play.fetch())).toEqual(BEHIND);
    // One that comes just as that answer does may have waited for it, or have asked behind as well.
    expect(told(await after(play, 'old'))).toEqual(['secret', expect.stringMatching(/^fwd=uri-miss; /)]);
    expect(play.asked.length).toBeGreaterThanOrEqual(3);
  });

  test('a client that leaves at once does not stop it', async () => {
    const { script, lift } = held(FRESH);
    const play = stage.play(inTurn(stale(SWR), script));
    await play.fetch();
    const client = await play.follow();
    client.reset();
    await play.arrival(2);
    await stage.quiet();
    lift();
    expect(told(await after(play, 'old'))).toEqual(['new', 'hit']);
    expect(play.asked).toHaveLength(2);
  });

  test.each([
    { name: 'HEAD', options: { method: 'HEAD' }, status: 200 },
    { name: 'a range', options: { head: ['Range: bytes=0-0'] }, status: 206 },
    { name: 'a condition', options: { head: ['If-None-Match: "1"'] }, status: 304 },
  ])('$name is served so as well, and the whole is renewed', async ({ options, status }) => {
    const play = stage.play(inTurn(stale(SWR), NOT_MODIFIED));
    await play.fetch();
    const reply = await play.fetch(options);
    expect([reply.status, statusOf(reply)]).toEqual([status, 'hit; detail=stale-while-revalidate']);
    const renewal = await play.arrival(2);
    expect([renewal.method, renewal.values('range'), renewal.values('if-none-match')]).toEqual(['GET', [], ['"1"']]);
    let next = await play.fetch();
    while (statusOf(next) !== 'hit') next = await play.fetch();
    expect([next.body, play.asked.length]).toEqual(['old', 2]);
  });

  test.each([
    { why: 'its time is over', directives: 'stale-while-revalidate=50' },
    { why: 'must-revalidate', directives: `${SWR}, must-revalidate` },
    { why: 'proxy-revalidate', directives: `${SWR}, proxy-revalidate` },
    { why: 'no-cache', directives: `${SWR}, no-cache` },
  ])('not when $why: the client waits', async ({ directives }) => {
    const play = stage.play(inTurn(stale(directives), FRESH));
    await play.fetch();
    expect(await play.fetch()).toMatchObject({ body: 'new' });
  });

  test('nor when the client wants it fresh', async () => {
    for (const wish of ['max-age=10', 'no-cache', 'min-fresh=1']) {
      const play = stage.play(inTurn(stale(SWR), FRESH));
      await play.fetch();
      expect(await play.fetch({ head: [`Cache-Control: ${wish}`] })).toMatchObject({ body: 'new' });
    }
  });

  test('a route can allow it to all, but what the response says comes first', async () => {
    const play = stage.play(inTurn(stale(), FRESH), '/renewed');
    await play.fetch();
    expect(told(await play.fetch())).toEqual(BEHIND);
    expect(told(await after(play, 'old'))).toEqual(['new', 'hit']);
    for (const directives of ['stale-while-revalidate=0', 'must-revalidate', 's-maxage=60']) {
      const other = stage.play(inTurn(stale(directives), FRESH), '/renewed');
      await other.fetch();
      expect(await other.fetch()).toMatchObject({ body: 'new' });
    }
  });
});

const SIE = 'stale-if-error=1000';

/** What an origin can do wrong, and how it is told. */
const FAILURES: readonly { name: string; script: Script | Buffer; failure: string; status: number; prefix?: string }[] =
  [
    { name: '500', script: answer('broken', { status: '500 Broken' }), failure: 'error', status: 500 },
    { name: '502', script: answer('broken', { status: '502 Broken' }), failure: 'error', status: 502 },
    { name: '503', script: answer('broken', { status: '503 Broken' }), failure: 'error', status: 503 },
    { name: '504', script: answer('broken', { status: '504 Broken' }), failure: 'error', status: 504 },
    { name: 'bytes that are no HTTP', script: Buffer.from('what?\r\n\r\n'), failure: 'error', status: 502 },
    { name: 'half a head', script: halfAHead, failure: 'unreachable', status: 502 },
    { name: 'a reset', script: reset, failure: 'unreachable', status: 502 },
    { name: 'silence', script: silence, failure: 'silent', status: 504, prefix: HASTY },
  ];

describe('stale-if-error', () => {
  test.each(FAILURES)('$name: what is stored is served', async ({ script, failure, prefix }) => {
    const play = stage.play(inTurn(stale(SIE), script), prefix);
    await play.fetch();
    const reply = await play.fetch();
    expect([reply.status, ...told(reply)]).toEqual([200, 'old', `hit; detail=stale-${failure}`]);
    expect(fieldOf(reply, 'cache-status')).toMatch(/; ttl=-10\d;/);
    expect(fieldOf(reply, 'age')).toMatch(/^16\d$/);
    const line = await laterLine(play);
    expect(line).toMatchObject({ status: 200, cache: 'hit', cache_detail: `stale-${failure}` });
    expect([line.splash, line.error]).toEqual([undefined, undefined]);
    // It is still there for the next one.
    expect(told(await play.fetch())[0]).toBe('old');
  });

  test.each(FAILURES.filter(({ failure }) => failure !== 'unreachable'))(
    '$name: not when its time is over',
    async ({ script, status, prefix }) => {
      const forbidding = ['stale-if-error=50', '', `${SIE}, must-revalidate`, `${SIE}, proxy-revalidate`];
      const plays = forbidding.map((directives) => stage.play(inTurn(stale(directives), script), prefix));
      for (const play of plays) await play.fetch();
      const replies = await Promise.all(plays.map((play) => play.fetch()));
      expect(replies.map((reply) => reply.status)).toEqual(Array(4).fill(status));
    },
  );

  test('what is no error of these is passed on', async () => {
    for (const status of ['404 Not Found', '501 Not Implemented', '429 Too Many Requests', '400 Bad Request']) {
      const play = stage.play(inTurn(stale(SIE), answer('no', { status, fields: ['Cache-Control: no-store'] })));
      await play.fetch();
      expect(await play.fetch()).toMatchObject({ body: 'no' });
    }
  });

  test('an error that is passed on takes nothing away', async () => {
    const broken = answer('broken', { status: '503 Busy', fields: ['Cache-Control: no-store'] });
    const play = stage.play(inTurn(stale(), broken, NOT_MODIFIED));
    await play.fetch();
    expect(await play.fetch()).toMatchObject({ status: 503, body: 'broken' });
    expect(await play.fetch()).toMatchObject({ status: 200, body: 'old' });
    expect(play.asked[2]?.values('if-none-match')).toEqual(['"1"']);
  });

  test('an answer that breaks off is not good enough to take its place', async () => {
    const half: Script = async function* ({ connection }) {
      yield `${headOf('Cache-Control: max-age=60', 'Content-Length: 100')}half`;
      await play.arrival(2);
      connection.reset();
    };
    const play = stage.play(inTurn(stale(SIE), half, answer('broken', { status: '500 Broken' })));
    await play.fetch();
    const broken = await play.fetch().catch(() => undefined);
    expect(broken?.end).not.toBe('clean');
    expect(told(await play.fetch())).toEqual(['old', 'hit; detail=stale-error']);
  });

  test('HEAD, a range and a condition are answered so as well', async () => {
    const play = stage.play(inTurn(stale(SIE), answer('', { status: '500 Broken' })));
    await play.fetch();
    expect((await play.fetch({ method: 'HEAD' })).status).toBe(200);
    expect(await play.fetch({ head: ['Range: bytes=1-'] })).toMatchObject({ status: 206, body: 'ld' });
    expect((await play.fetch({ head: ['If-None-Match: "1"'] })).status).toBe(304);
  });

  test('all who wait for the same fetch are served', async () => {
    const { script: error, lift } = held(answer('broken', { status: '500 Broken' }));
    for (const [script, prefix] of [
      [error, ''],
      [silence, HASTY],
    ] as const) {
      const play = stage.play(inTurn(stale(SIE), script), prefix);
      await play.fetch();
      const all = play.fetchMany(30);
      await play.arrival(2);
      lift();
      for (const reply of await all) expect([reply.status, reply.body]).toEqual([200, 'old']);
    }
  });

  test('a route can allow it to all, but what the response says comes first', async () => {
    const broken = answer('broken', { status: '500 Broken' });
    const play = stage.play(inTurn(stale(), broken), '/forgiving');
    await play.fetch();
    expect(told(await play.fetch())).toEqual(['old', 'hit; detail=stale-error']);
    for (const directives of ['stale-if-error=0', 'must-revalidate', 's-maxage=60', 'no-cache']) {
      const other = stage.play(inTurn(stale(directives), broken), '/forgiving');
      await other.fetch();
      expect(await other.fetch()).toMatchObject({ status: 500, body: 'broken' });
    }
  });
});

describe('before the splash page', () => {
  test('the site may have something stale shown in its place', async () => {
    const play = stage.play(inTurn(stale(), silence), '/shown');
    await play.fetch();
    expect(told(await play.fetch())).toEqual(['old', 'hit; detail=stale-silent']);
    const line = await laterLine(play);
    expect([line.status, line.splash]).toEqual([200, undefined]);
  });

  test.each([
    { why: 'the site does not say so', prefix: HASTY, directives: '', age: 160 },
    { why: 'it is too old', prefix: '/shown', directives: '', age: 86_400 + 70 },
    { why: 'must-revalidate', prefix: '/shown', directives: ', must-revalidate', age: 160 },
    { why: 'proxy-revalidate', prefix: '/shown', directives: ', proxy-revalidate', age: 160 },
    { why: 'no-cache', prefix: '/shown', directives: ', no-cache', age: 160 },
  ])('not when $why', async ({ prefix, directives, age }) => {
    const fields = [`Cache-Control: max-age=60${directives}`, `Age: ${age}`, 'ETag: "1"'];
    const play = stage.play(inTurn(answer('old', { fields }), silence), prefix);
    await play.fetch();
    const reply = await play.fetch();
    expect([reply.status, reply.body]).toEqual([504, expect.stringContaining('<html')]);
    expect(await laterLine(play)).toMatchObject({ splash: true, error: 'http_response_timeout' });
  });

  test('an error of the origin is no splash page: it is passed on', async () => {
    const play = stage.play(inTurn(stale(), answer('broken', { status: '503 Busy' })), '/shown');
    await play.fetch();
    expect(await play.fetch()).toMatchObject({ status: 503, body: 'broken' });
  });
});

describe('no origin can be reached', () => {
  const away: CacheScene = { pool: { timeouts: { connect: '10s' } }, site: { splash: { after: '700ms' } } };
  let place: Stage;

  beforeAll(async () => {
    place = await openStage(away);
  });

  const leadTo = (url: string) => place.portico.reload(cachingDoor({ url }, away));

  /** What is stored when the last of the origins goes: a play for each. What is stored outlives a reload, too. */
  async function whenGone(url: string, ...directives: string[]): Promise<Play[]> {
    await leadTo(place.origin.url);
    const plays = directives.map((each) => place.play(() => stale(each)));
    for (const play of plays) await play.fetch();
    expect((await leadTo(url)).message).toBe('reloaded');
    return plays;
  }

  const DEAD_ENDS = [
    { name: 'refused', origin: refusingOrigin, status: 503 },
    { name: 'not there', origin: unreachableOrigin, status: 504 },
  ];

  test.each(DEAD_ENDS)('$name: what is stored is served', async ({ origin }) => {
    const plays = await whenGone(await origin(), '', 'stale-if-error=1', 'stale-while-revalidate=1');
    for (const play of plays) {
      const reply = await play.fetch();
      expect([reply.status, ...told(reply)]).toEqual([200, 'old', 'hit; detail=stale-unreachable']);
    }
    for (const play of plays) expect(await laterLine(play, place)).toMatchObject({ cache_detail: 'stale-unreachable' });
  });

  test.each(DEAD_ENDS)('$name: not where a directive forbids it', async ({ origin, status }) => {
    const plays = await whenGone(await origin(), 'must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=60');
    for (const reply of await Promise.all(plays.map((play) => play.fetch()))) {
      expect([reply.status, reply.body]).toEqual([status, expect.stringContaining('<html')]);
      expect(statusOf(reply)).toMatch(/^fwd=stale; detail=(stale|no-cache)$/);
    }
    for (const play of plays) expect(await laterLine(play, place)).toMatchObject({ splash: true, cache: 'stale' });
  });

  test('the client that does not want it so gets it all the same', async () => {
    const [play] = await whenGone(await refusingOrigin(), '');
    for (const wish of ['no-cache', 'max-age=0', 'max-stale=10']) {
      expect(await play?.fetch({ head: [`Cache-Control: ${wish}`] })).toMatchObject({ status: 200, body: 'old' });
    }
  });

  test('and when they are back, it is validated', async () => {
    const [play] = await whenGone(await refusingOrigin(), '');
    expect((await play?.fetch())?.body).toBe('old');
    await leadTo(place.origin.url);
    await play?.fetch();
    expect(play?.asked[1]?.values('if-none-match')).toEqual(['"1"']);
  });
});

test('what was kept a second too long is told to the second', async () => {
  const play = stage.play(inTurn(stale(SIE), answer('broken', { status: '500 Broken' })));
  await play.fetch();
  const [first, second] = [await play.fetch(), await play.fetch()];
  for (const reply of [first, second]) {
    const ttl = Number(/ttl=(-\d+)/.exec(fieldOf(reply, 'cache-status') ?? '')?.[1]);
    expect(60 - ttl - Number(fieldOf(reply, 'age'))).toBeLessThanOrEqual(1);
  }
});

async function* silence({ connection }: OriginRequest) {
  await connection.closed;
  yield '';
}

async function* reset({ connection }: OriginRequest) {
  connection.reset();
  yield '';
}

async function* halfAHead({ connection }: OriginRequest) {
  yield 'HTTP/1.1 200 OK\r\nContent-Le';
  connection.end();
}

/** The first line of the access log for a request that found something stored. Threads write theirs in no order. */
async function laterLine({ target }: Play, { portico: { accessLog } } = stage): Promise<CacheLine> {
  const found = () =>
    (accessLog.all as CacheLine[]).find((line) => line.target === target && line.cache !== 'uri-miss');
  const deadline = AbortSignal.timeout(PATIENCE);
  while (found() === undefined && !deadline.aborted) await turn();
  return found() as CacheLine;
}
