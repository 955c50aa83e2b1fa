import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { headersFrame, SETTING, windowUpdateFrame } from '../support/h2-frames.ts';
import type { FieldLines } from '../support/http1-parser.ts';
import { answer } from '../support/origin.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import {
  chunks,
  gate,
  headOf,
  KIB,
  LAST_CHUNK,
  MIB,
  openStage,
  type Play,
  pieces,
  type Stage,
  statusOf,
  whole,
} from './cache-scene.ts';

/** What is too large, or finds no room, goes through all the same. */

const FRESH = 'Cache-Control: max-age=60';
const MEMORY = 8 * MIB;
const LIMIT = 2 * MIB;
/** More than the limit, and less than the memory. */
const LARGE = 5 * MIB;
/** More than all of the memory, and than what is on the way between two sockets. */
const HUGE = 32 * MIB;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    cache: { memory: '8MiB', object_limit: '2MiB' },
    site: { routes: [{ path: '/packed', compress: ['gzip'] }] },
  });
});

const known = (length: number) =>
  async function* () {
    yield headOf(FRESH, `Content-Length: ${length}`);
    yield* pieces(0, length);
  };

const chunked = (length: number, held?: { readonly open: Promise<void> }) =>
  async function* () {
    yield headOf(FRESH, 'Transfer-Encoding: chunked');
    yield* chunks(0, 10);
    await held?.open;
    yield* chunks(10, length);
    yield LAST_CHUNK;
  };

/** That nothing is lost for ever: the memory takes as much as ever. */
async function expectAllMemory(): Promise<void> {
  const plays = Array.from({ length: MEMORY / LIMIT - 1 }, () => stage.play(known(LIMIT - 64 * KIB)));
  for (const play of plays) expect(await (await play.follow()).done()).toMatchObject(whole(LIMIT - 64 * KIB));
  for (const play of plays) expect(statusOf(await (await play.follow()).done())).toBe('hit');
}

describe('an object of known length above the limit', () => {
  test('passes, and is not stored', async () => {
    const play = stage.play(known(LARGE));
    for (let i = 0; i < 2; i++) {
      const outcome = await (await play.follow()).done();
      expect(outcome).toMatchObject(whole(LARGE));
      expect(statusOf(outcome)).toBe('fwd=uri-miss; detail=too-large');
    }
    const lines = await play.lines(2);
    for (const line of lines)
      expect(line).toMatchObject({ cache: 'uri-miss', cache_detail: 'too-large', bytes: LARGE });
    expect(play.asked).toHaveLength(2);
  });

  test('one at the limit is stored', async () => {
    const play = stage.play(known(LIMIT));
    await (await play.follow()).done();
    expect(statusOf(await (await play.follow()).done())).toBe('hit');
  });

  test('those who waited for it fetch it at once, each for itself', async () => {
    const MANY = 10;
    const first = gate();
    const second = gate();
    const play = stage.play(async function* (request) {
      await (play.asked[0] === request ? first.open : second.open);
      yield* known(LARGE)();
    });
    const clients = await play.followMany(MANY);
    await stage.quiet();
    first.lift();
    await play.arrival(MANY);
    second.lift();
    for (const each of clients) expect(await each.done(10_000)).toMatchObject(whole(LARGE));
  });

  test('a client that does not read holds its origin back, and gets all of it', async () => {
    const play = stage.play(known(HUGE));
    const slow = await play.follow();
    await slow.firstByte();
    slow.pause();
    // Others are served meanwhile.
    expect(await stage.play(() => answer('small')).fetch()).toMatchObject({ body: 'small' });
    slow.resume();
    expect(await slow.done(10_000)).toMatchObject(whole(HUGE));
  });
});

describe('an object of unknown length that turns out to be too large', () => {
  test.each([
    { name: 'the limit', length: LARGE },
    { name: 'all of the memory', length: HUGE },
  ])('larger than $name: the client gets all of it, and nothing is stored', async ({ length }) => {
    const play = stage.play(chunked(length));
    for (let i = 0; i < 3; i++) expect(await (await play.follow()).done(10_000)).toMatchObject(whole(length));
    expect(play.asked).toHaveLength(3);
    const lines = await play.lines(3);
    const told = lines
      .map((line) => [line.cache, line.cache_detail, line.bytes])
      .sort()
      .reverse();
    expect(told).toEqual(['too-large', 'hit-for-miss', 'hit-for-miss'].map((detail) => ['uri-miss', detail, length]));
    await expectAllMemory();
  });

  test('a slow client gets all of it, too', async () => {
    const play = stage.play(chunked(HUGE));
    const slow = await play.follow();
    await slow.firstByte();
    slow.pause();
    await stage.quiet();
    slow.resume();
    expect(await slow.done(10_000)).toMatchObject(whole(HUGE));
    expect(statusOf(await (await play.follow()).done(10_000))).not.toBe('hit');
    await expectAllMemory();
  });

  test('those who follow it get all of it as far as the memory reaches', async () => {
    const held = gate();
    const play = stage.play(chunked(LARGE, held));
    const clients = await play.followMany(10);
    for (const each of clients) await each.firstByte();
    held.lift();
    for (const each of clients) expect(await each.done(10_000)).toMatchObject(whole(LARGE));
    expect(play.asked).toHaveLength(1);
    expect(statusOf(await (await play.follow()).done(10_000))).toBe('fwd=uri-miss; detail=hit-for-miss');
    await expectAllMemory();
  });

  test('without the client that began it, too', async () => {
    const held = gate();
    const alone = await openStage({ workers: 1, cache: { memory: '8MiB', object_limit: '2MiB' } });
    const play = alone.play(chunked(LARGE, held));
    const leader = await play.follow();
    await leader.firstByte();
    const other = await play.follow();
    await other.firstByte();
    leader.reset();
    await play.lines(1);
    held.lift();
    expect(await other.done(10_000)).toMatchObject(whole(LARGE));
    expect(play.asked).toHaveLength(1);
  });

  test('beyond the memory, who began it gets all of it; who followed sees it break off, and the next ones do not follow', async () => {
    const held = gate();
    const play = stage.play(chunked(HUGE, held));
    const leader = await play.follow();
    await leader.firstByte();
    const follower = await play.follow();
    await follower.firstByte();
    held.lift();
    expect(await leader.done(10_000)).toMatchObject(whole(HUGE));
    expect(await follower.done(10_000)).toMatchObject({ wrongAt: undefined, end: 'broken' });
    const next = await play.followMany(5);
    for (const each of next) expect(await each.done(10_000)).toMatchObject(whole(HUGE));
    await expectAllMemory();
  });

  test('a stream of HTTP/2 whose window is shut gets all of it once it is opened', async () => {
    const play = stage.play(chunked(HUGE));
    const client = await connectH2(stage.portico.port(1), { settings: { [SETTING.INITIAL_WINDOW_SIZE]: 10 } });
    const stream = client.newStream();
    await client.send(headersFrame(stream, get(play)));
    await client.frameWhere((frame) => frame.stream === stream && frame.type === 0, 'DATA');
    await stage.quiet();
    await client.send(windowUpdateFrame(stream, HUGE));
    const { body, end } = await client.outcome(stream, 15_000);
    expect([body === patternOf(HUGE), end]).toEqual([true, 'clean']);
    await expectAllMemory();
  });

  test('a client that leaves in the middle lets the origin go', async () => {
    const held = gate();
    const play = stage.play(async function* ({ connection }) {
      yield headOf(FRESH, 'Transfer-Encoding: chunked');
      yield* chunks(0, LARGE);
      await connection.closed;
      held.lift();
    });
    const client = await play.follow();
    await client.reached(LARGE);
    client.reset();
    await held.open;
    await expectAllMemory();
  });
});

describe('a body that is compressed for the cache', () => {
  const TEXT = ['Content-Type: text/plain', 'ETag: "1"', FRESH];

  test.each([
    { name: 'below the limit', length: MIB, stored: true },
    { name: 'beyond the limit', length: LARGE, stored: false },
    { name: 'beyond the memory', length: 12 * MIB, stored: false },
  ])('$name: the client gets all of it', async ({ length, stored }) => {
    const play = stage.play(async function* () {
      yield headOf(...TEXT, 'Transfer-Encoding: chunked');
      yield* chunks(0, length);
      yield LAST_CHUNK;
    }, '/packed');
    const expected = Buffer.concat([...pieces(0, length)]);
    const first = await play.fetch({ head: ['Accept-Encoding: gzip'] });
    expect([first.status, first.end, fieldOf(first, 'content-encoding')]).toEqual([200, 'clean', 'gzip']);
    expect(gunzipSync(Buffer.from(first.body, 'latin1')).equals(expected)).toBe(true);
    // What is not stored is not compressed either.
    const second = await play.fetch({ head: ['Accept-Encoding: gzip'] });
    expect([second.end, statusOf(second) === 'hit']).toEqual(['clean', stored]);
    const body = Buffer.from(second.body, 'latin1');
    expect((stored ? gunzipSync(body) : body).equals(expected)).toBe(true);
  });

  test('a slow client of what grows too large gets all of it', async () => {
    const play = stage.play(async function* () {
      yield headOf(...TEXT, 'Transfer-Encoding: chunked');
      yield* chunks(0, HUGE);
      yield LAST_CHUNK;
    }, '/packed');
    const client = await connectRaw(stage.port);
    await client.send(`GET ${play.target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`);
    client.socket.pause();
    await stage.quiet();
    client.socket.resume();
    const { body, end } = await client.response('GET', 15_000);
    expect(end).toBe('clean');
    expect(gunzipSync(Buffer.from(body, 'latin1')).equals(Buffer.concat([...pieces(0, HUGE)]))).toBe(true);
  });
});

describe('a memory full of bodies that slow clients read', () => {
  /** Streams of HTTP/2 whose windows are shut: what they are sent stays where it is. */
  async function fill(place: Stage) {
    const settings = { [SETTING.INITIAL_WINDOW_SIZE]: 10 };
    const client = await connectH2(place.portico.port(1), { settings });
    const plays = Array.from({ length: 8 }, () => place.play(known(MIB)));
    const streams: { readonly stream: number; readonly play: Play }[] = [];
    for (const play of plays) {
      const stream = client.newStream();
      streams.push({ stream, play });
      await client.send(headersFrame(stream, get(play)));
      await client.frameWhere((frame) => frame.stream === stream && frame.type === 0, 'DATA');
    }
    await place.quiet();
    return async () => {
      for (const { stream } of streams) await client.send(windowUpdateFrame(stream, MIB));
      const expected = patternOf(MIB);
      for (const { stream } of streams) {
        const { body, end } = await client.outcome(stream);
        expect([body === expected, end]).toEqual([true, 'clean']);
      }
    };
  }

  test('requests are answered, alone and many at once, and the slow ones get theirs', async () => {
    const place = await openStage({ cache: { memory: '4MiB', object_limit: '1MiB' } });
    const open = await fill(place);

    const small = place.play(() => answer('small', { fields: [FRESH] }));
    for (let i = 0; i < 3; i++) expect(await small.fetch()).toMatchObject({ status: 200, body: 'small' });
    for (const size of [10 * KIB, 200 * KIB, 900 * KIB]) {
      const held = gate();
      const play = place.play(async function* () {
        await held.open;
        yield* known(size)();
      });
      const clients = await play.followMany(20);
      await place.quiet();
      held.lift();
      for (const each of clients) expect(await each.done()).toMatchObject(whole(size));
    }

    await open();
    const again = place.play(known(MIB));
    await (await again.follow()).done();
    expect(statusOf(await (await again.follow()).done())).toBe('hit');
  });
});

test('many different objects in a small memory: each is right, whatever is evicted meanwhile', async () => {
  const SIZES = [100, 5000, 70_000, 300_000, 1_000_000];
  const plays = Array.from({ length: 40 }, (_, i) => stage.play(known(SIZES[i % SIZES.length] as number)));
  const rounds = Array.from({ length: 8 }, async (_, client) => {
    for (let i = 0; i < 40; i++) {
      const at = (i * (2 * client + 1)) % 40;
      const length = SIZES[at % SIZES.length] as number;
      expect(await (await (plays[at] as Play).follow()).done()).toMatchObject(whole(length));
    }
  });
  await Promise.all(rounds);
});

function get({ target }: Play): FieldLines {
  return [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'www.example.com'],
    [':path', target],
  ];
}

function patternOf(length: number): string {
  return Buffer.concat([...pieces(0, length)]).toString('latin1');
}
