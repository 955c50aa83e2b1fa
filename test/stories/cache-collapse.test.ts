import { beforeAll, describe, expect, test } from 'vitest';
import { refusingOrigin } from '../support/dead-ends.ts';
import { valuesOf } from '../support/http1-parser.ts';
import { answer } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { within } from '../support/wait.ts';
import {
  cachingDoor,
  fetchMany,
  gate,
  headOf,
  linesFor,
  MIB,
  openStage,
  pieces,
  type Stage,
  statusOf,
  whole,
} from './cache-scene.ts';

/** Many ask for the same at once: the origin is asked once, whatever comes of it. */

const FRESH = 'Cache-Control: max-age=60';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    pool: { retries: { attempts: 1 } },
    site: {
      routes: [
        { path: '/impatient', splash: { after: '700ms' } },
        { path: '/live', cache: 'off' },
      ],
    },
  });
});

describe('one fetch for all', () => {
  test('an origin that answers at once is asked once, too', async () => {
    for (let round = 0; round < 30; round++) {
      const play = stage.play(() => answer('at once', { fields: [FRESH] }));
      for (const { body } of await play.fetchMany(20)) expect(body).toBe('at once');
      expect(play.asked).toHaveLength(1);
    }
  });

  test('who comes while the body is on its way is answered from what is there of it', async () => {
    const rest = gate();
    const play = stage.play(async function* () {
      yield headOf(FRESH, `Content-Length: ${MIB}`);
      yield* pieces(0, MIB / 2);
      await rest.open;
      yield* pieces(MIB / 2, MIB);
    });
    const first = await play.follow();
    await first.firstByte();
    const late = await play.followMany(20);
    for (const each of late) await each.firstByte();
    rest.lift();
    for (const each of [first, ...late]) expect(await each.done()).toMatchObject(whole(MIB));
    for (const each of late) expect(statusOf(await each.done())).toBe('hit');
    expect(play.asked).toHaveLength(1);
  });

  test('those who have something stale validate it together', async () => {
    const go = gate();
    const play = stage.play(async function* (request) {
      if (request.values('if-none-match').length === 0) {
        yield answer('old', { fields: ['Cache-Control: max-age=0', 'ETag: "1"'] });
      } else {
        await go.open;
        yield 'HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "1"\r\n\r\n';
      }
    });
    expect(statusOf(await play.fetch())).toBe('fwd=uri-miss; stored');
    const all = play.fetchMany(50);
    await stage.quiet();
    go.lift();
    const replies = await all;
    for (const reply of replies) expect(reply).toMatchObject({ status: 200, body: 'old' });
    expect(play.asked).toHaveLength(2);
    const told = replies.map(statusOf).sort();
    expect([told[0], told[48], told[49]]).toEqual([
      'fwd=stale; collapsed; detail=stale',
      'fwd=stale; collapsed; detail=stale',
      'fwd=stale; fwd-status=304; stored; detail=stale',
    ]);
  });

  test('what may be served stale meanwhile is, to all at once, and renewed by one fetch', async () => {
    const go = gate();
    const play = stage.play(async function* () {
      if (play.asked.length === 1) {
        yield answer('old', { fields: ['Cache-Control: max-age=0, stale-while-revalidate=60', 'ETag: "1"'] });
        return;
      }
      await go.open;
      yield answer('new', { fields: [FRESH] });
    });
    await play.fetch();
    for (const reply of await play.fetchMany(50)) {
      expect([reply.body, statusOf(reply)]).toEqual(['old', 'hit; detail=stale-while-revalidate']);
    }
    expect(play.asked).toHaveLength(2);
    go.lift();
    let reply = await play.fetch();
    while (reply.body === 'old') reply = await play.fetch();
    expect([reply.body, statusOf(reply)]).toEqual(['new', 'hit']);
    expect(play.asked).toHaveLength(2);
  });
});

describe('what is not for all', () => {
  const REASONS = [
    { detail: 'private', fields: ['Cache-Control: private, max-age=60'] },
    { detail: 'no-store', fields: ['Cache-Control: no-store'] },
    { detail: 'set-cookie', fields: [FRESH, 'Set-Cookie: session=1'] },
    { detail: 'vary-star', fields: [FRESH, 'Vary: *'] },
    { detail: 'no-freshness', fields: [] },
  ];

  test.each(REASONS)('$detail: those who waited ask for themselves, all at once', async ({ detail, fields }) => {
    const MANY = 40;
    const first = gate();
    const second = gate();
    const play = stage.play(async function* (request) {
      // The first alone; and the others only when all of them are there, or they would wait for each other for ever.
      await (play.asked[0] === request ? first.open : second.open);
      yield answer(`for ${request.values('x-who')[0]}`, { fields });
    });
    const all = play.fetchMany(MANY, (i) => ({ head: [`X-Who: ${i}`] }));
    await stage.quiet();
    expect(play.asked).toHaveLength(1);
    first.lift();
    await play.arrival(MANY);
    second.lift();
    const replies = await all;
    expect(replies.map(({ body }) => body)).toEqual(Array.from({ length: MANY }, (_, i) => `for ${i}`));
    const told = new Set(replies.map(statusOf));
    expect(told).toEqual(
      new Set([`fwd=uri-miss; detail=${detail}`, 'fwd=uri-miss; collapsed=?0; detail=hit-for-miss']),
    );
    const lines = await play.lines(MANY);
    expect(lines.filter((line) => line.cache_detail === 'hit-for-miss')).toHaveLength(MANY - 1);
    expect(lines.every((line) => line.collapsed === undefined && line.cache === 'uri-miss')).toBe(true);
  });

  test('who comes after them waits for nobody either', async () => {
    const MANY = 20;
    let arrived = gate();
    const play = stage.play(async function* () {
      await arrived.open;
      yield answer('mine', { fields: ['Cache-Control: private'] });
    });
    const before = play.fetchMany(2);
    await stage.quiet();
    arrived.lift();
    await before;
    arrived = gate();
    const all = play.fetchMany(MANY);
    await play.arrival(MANY + 2);
    arrived.lift();
    for (const reply of await all) expect(statusOf(reply)).toBe('fwd=uri-miss; detail=hit-for-miss');
  });

  test('it is stored again as soon as the origin allows it', async () => {
    const go = gate();
    let fields = ['Cache-Control: private'];
    const play = stage.play(async function* () {
      await go.open;
      yield answer('something', { fields });
    });
    const before = play.fetchMany(5);
    await stage.quiet();
    go.lift();
    await before;
    expect(play.asked).toHaveLength(5);
    fields = [FRESH];
    expect(statusOf(await play.fetch())).toBe('fwd=uri-miss; stored; detail=hit-for-miss');
    for (const reply of await play.fetchMany(20)) expect(statusOf(reply)).toBe('hit');
    expect(play.asked).toHaveLength(6);
  });

  test('requests with Authorization neither wait nor are waited for', async () => {
    const go = gate();
    const play = stage.play(async function* (request) {
      await go.open;
      yield answer(`for ${request.values('authorization')[0] ?? 'all'}`, { fields: [FRESH] });
    });
    const members = play.fetchMany(10, (i) => ({ head: [`Authorization: Basic ${i}`] }));
    await play.arrival(10);
    const guests = play.fetchMany(10);
    await play.arrival(11);
    go.lift();
    const bodies = (await members).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 10 }, (_, i) => `for Basic ${i}`));
    for (const reply of await members) expect(statusOf(reply)).toBe('fwd=uri-miss; detail=authorization');
    for (const { body } of await guests) expect(body).toBe('for all');
    expect(play.asked).toHaveLength(11);
  });
});

describe('a fetch that fails, fails for all at once', () => {
  const MANY = 60;

  test('refused', async () => {
    const portico = await startPortico(cachingDoor({ url: await refusingOrigin() }));
    const replies = await fetchMany(portico.port(), '/a', MANY);
    for (const { status } of replies) expect(status).toBe(503);
    const lines = await linesFor(portico, '/a', MANY);
    for (const line of lines) expect(line).toMatchObject({ error: 'connection_refused', splash: true });
  });

  test('closed without an answer', async () => {
    const go = gate();
    const play = stage.play(async function* (request) {
      yield '';
      await go.open;
      request.connection.reset();
    });
    const all = play.fetchMany(MANY);
    await stage.quiet();
    go.lift();
    for (const { status } of await all) expect(status).toBe(502);
    const lines = await play.lines(MANY);
    for (const line of lines) expect(line).toMatchObject({ error: 'connection_terminated', splash: true });
  });

  test('silent', async () => {
    const play = stage.play(async function* ({ connection }) {
      yield '';
      await connection.closed;
    }, '/impatient');
    const started = performance.now();
    const replies = await play.fetchMany(MANY);
    // One after the other it would be the better part of a minute.
    expect(performance.now() - started).toBeLessThan(3500);
    for (const { status } of replies) expect(status).toBe(504);
    for (const line of await play.lines(MANY)) expect(line).toMatchObject({ error: 'http_response_timeout' });
    expect(play.asked).toHaveLength(1);
  });

  test('reset within the body: nobody takes what came for all of it, and the next fetch is whole', async () => {
    const head = gate();
    const fault = gate();
    let breaks = true;
    const play = stage.play(async function* (request) {
      if (breaks) await head.open;
      yield headOf(FRESH, `Content-Length: ${MIB}`);
      yield* pieces(0, MIB / 2);
      if (breaks) await fault.open;
      if (breaks) request.connection.reset();
      else yield* pieces(MIB / 2, MIB);
    });
    const clients = await play.followMany(MANY);
    await stage.quiet();
    head.lift();
    for (const each of clients) await each.firstByte();
    fault.lift();
    for (const each of clients) {
      const outcome = await each.done();
      expect(outcome).toMatchObject({ end: 'broken', wrongAt: undefined });
      expect(outcome.received).toBeLessThanOrEqual(MIB / 2);
    }
    expect(play.asked).toHaveLength(1);
    for (const line of await play.lines(MANY)) expect(line.error).toBeDefined();

    breaks = false;
    expect(await (await play.follow()).done()).toMatchObject(whole(MIB));
    const hit = await (await play.follow()).done();
    expect(hit).toMatchObject(whole(MIB));
    expect(statusOf(hit)).toBe('hit');
  });

  test.each([
    { how: 'an error of its own', detail: 'stale-error' },
    { how: 'no answer', detail: 'stale-unreachable' },
  ])('where something stale may do, $how brings it to all', async ({ detail }) => {
    const go = gate();
    const play = stage.play(async function* ({ connection }) {
      if (play.asked.length === 1) {
        yield answer('old', { fields: ['Cache-Control: max-age=0, stale-if-error=60', 'ETag: "1"'] });
        return;
      }
      await go.open;
      if (detail === 'stale-error') yield answer('broken', { status: '500 Internal Server Error' });
      else connection.reset();
    });
    await play.fetch();
    const all = play.fetchMany(MANY);
    await stage.quiet();
    go.lift();
    for (const reply of await all) {
      expect([reply.status, reply.body, statusOf(reply)]).toEqual([200, 'old', `hit; detail=${detail}`]);
    }
  });

  test("an answer that is an error is each one's own", async () => {
    const go = gate();
    const play = stage.play(async function* () {
      await go.open;
      yield answer('broken', { status: '500 Internal Server Error' });
    });
    const all = play.fetchMany(10);
    await stage.quiet();
    go.lift();
    for (const reply of await all) expect(reply).toMatchObject({ status: 500, body: 'broken' });
  });
});

describe('who leaves', () => {
  test('the one who began it, before the head: the others get all', async () => {
    const go = gate();
    const play = stage.play(async function* () {
      await go.open;
      yield headOf(FRESH, `Content-Length: ${MIB}`);
      yield* pieces(0, MIB);
    });
    const first = await play.follow();
    await play.arrival(1);
    const others = await play.followMany(20);
    await stage.quiet();
    first.reset();
    await play.lines(1);
    go.lift();
    for (const each of others) expect(await each.done()).toMatchObject(whole(MIB));
    expect(play.asked).toHaveLength(1);
  });

  test('the one who began it, within the body: the others get all', async () => {
    const rest = gate();
    const play = stage.play(async function* () {
      yield headOf(FRESH, `Content-Length: ${4 * MIB}`);
      yield* pieces(0, MIB);
      await rest.open;
      yield* pieces(MIB, 4 * MIB);
    });
    const first = await play.follow();
    await first.firstByte();
    const others = await play.followMany(20);
    for (const each of others) await each.firstByte();
    first.reset();
    await play.lines(1);
    rest.lift();
    for (const each of others) expect(await each.done()).toMatchObject(whole(4 * MIB));
    expect(play.asked).toHaveLength(1);
  });

  test.each(['before the head', 'within the body'])('all of them, %s: the origin is let go', async (when) => {
    const play = stage.play(async function* (request) {
      if (when === 'within the body') {
        yield headOf(FRESH, `Content-Length: ${4 * MIB}`);
        yield* pieces(0, MIB);
      }
      await request.connection.closed;
    });
    const clients = [];
    for (let i = 0; i < 10; i++) clients.push(await play.follow());
    const request = await play.arrival(1);
    await stage.quiet();
    if (when === 'within the body') for (const each of clients) await each.firstByte();
    for (const each of clients) each.reset();
    await within(request.connection.closed, 'the request to be given up');
    await play.lines(10);

    const again = await play.follow();
    await play.arrival(2);
    again.reset();
  });

  test('the last one, with little left: it is stored all the same', async () => {
    const rest = gate();
    const play = stage.play(async function* () {
      yield headOf(FRESH, `Content-Length: ${MIB}`);
      yield* pieces(0, MIB - 1000);
      await rest.open;
      yield* pieces(MIB - 1000, MIB);
    });
    const client = await play.follow();
    await client.reached(MIB - 1000);
    client.reset();
    await play.lines(1);
    rest.lift();
    const late = await (await play.follow()).done();
    expect(late).toMatchObject(whole(MIB));
    expect(statusOf(late)).toBe('hit');
    expect(play.asked).toHaveLength(1);
  });

  test('one who waits: the others do not notice', async () => {
    const go = gate();
    const play = stage.play(async function* () {
      await go.open;
      yield answer('for all', { fields: [FRESH] });
    });
    const clients = [];
    for (let i = 0; i < 20; i++) clients.push(await play.follow());
    await stage.quiet();
    for (const each of clients.slice(5, 15)) each.reset();
    await play.lines(10);
    go.lift();
    for (const each of [...clients.slice(0, 5), ...clients.slice(15)]) {
      expect(await each.done()).toMatchObject({ status: 200, received: 7, end: 'clean' });
    }
    expect(play.asked).toHaveLength(1);
  });
});

describe('switched off', () => {
  const script = () => answer('each time', { fields: [FRESH] });

  test('for a route: nobody waits, nothing is stored, and nothing is said', async () => {
    const play = stage.play(script, '/live');
    for (const reply of await play.fetchMany(10)) expect(valuesOf(reply.fields, 'cache-status')).toEqual([]);
    expect(play.asked).toHaveLength(10);
    for (const line of await play.lines(10)) expect(line.cache).toBeUndefined();
  });

  test('at the top: the same for all', async () => {
    const play = (await openStage({ cache: 'off', workers: 1 })).play(script);
    for (const reply of await play.fetchMany(10)) expect(valuesOf(reply.fields, 'cache-status')).toEqual([]);
    expect(play.asked).toHaveLength(10);
  });

  test('for a site, and on again for one of its routes', async () => {
    const site = { cache: 'off', routes: [{ path: '/stock', cache: {} }] };
    const off = await openStage({ site, workers: 1 });
    const [kept, live] = [off.play(script, '/stock'), off.play(script)];
    for (let i = 0; i < 3; i++) {
      await kept.fetch();
      await live.fetch();
    }
    expect([kept.asked.length, live.asked.length]).toEqual([1, 3]);
  });
});

test('a reload in the middle of a fill cuts nobody off, and what was stored stays', async () => {
  const { origin, portico } = stage;
  const rest = gate();
  const play = stage.play(async function* () {
    yield headOf(FRESH, `Content-Length: ${MIB}`);
    yield* pieces(0, MIB / 2);
    await rest.open;
    yield* pieces(MIB / 2, MIB);
  });
  const clients = await play.followMany(10);
  for (const each of clients) await each.firstByte();
  const next = cachingDoor(origin, { site: { response_headers: { set: { 'x-generation': '2' } } } });
  expect(await portico.reload(next)).toMatchObject({ message: 'reloaded' });
  const late = await play.follow();
  await late.firstByte();
  rest.lift();
  for (const each of [...clients, late]) expect(await each.done()).toMatchObject(whole(MIB));
  const after = await (await play.follow()).done();
  expect(after).toMatchObject(whole(MIB));
  expect(after.fields).toContainEqual(['x-generation', '2']);
  expect(play.asked).toHaveLength(1);
});
