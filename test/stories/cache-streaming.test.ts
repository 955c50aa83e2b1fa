import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2, type H2Client } from '../support/h2-client.ts';
import { headersFrame, resetFrame, SETTING, windowUpdateFrame } from '../support/h2-frames.ts';
import { patternAt } from '../support/pattern.ts';
import { fieldOf } from '../support/raw-client.ts';
import {
  chunks,
  gate,
  headOf,
  LAST_CHUNK,
  MIB,
  openStage,
  type Play,
  pieces,
  type Stage,
  statusOf,
  whole,
} from './cache-scene.ts';

/** A body that is still on its way is sent on to all who want it, to each as fast as it takes it. */

const FRESH = 'Cache-Control: max-age=60';
/** More than the system's buffers between Portico and a client that does not read may hold. */
const LARGE = 24 * MIB;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ cache: { memory: '192MiB' } });
});

/** A body of this length, of which the origin holds back what is after `first` until it is let go. */
function heldBack(length: number, first: number) {
  const rest = gate();
  const play = stage.play(async function* () {
    yield headOf(FRESH, `Content-Length: ${length}`);
    yield* pieces(0, first);
    await rest.open;
    yield* pieces(first, length);
  });
  return { play, lift: rest.lift };
}

describe('followers get what is there', () => {
  test.each([
    { framing: 'of known length', head: `Content-Length: ${MIB}`, part: pieces, last: '' },
    { framing: 'of unknown length', head: 'Transfer-Encoding: chunked', part: chunks, last: LAST_CHUNK },
  ])('a body $framing: the first byte while the origin is still sending', async ({ head, part, last }) => {
    const go = gate();
    const rest = gate();
    const play = stage.play(async function* () {
      await go.open;
      yield headOf(FRESH, head);
      yield* part(0, 10);
      await rest.open;
      yield* part(10, MIB);
      yield last;
    });
    const clients = await play.followMany(20);
    await stage.quiet();
    go.lift();
    // The origin goes on only when all of them have had their first piece.
    for (const each of clients) await each.firstByte();
    expect(clients.map(({ received }) => received)).toEqual(Array(20).fill(10));
    rest.lift();
    for (const each of clients) expect(await each.done()).toMatchObject(whole(MIB));
    expect(play.asked).toHaveLength(1);
  });

  test('each piece as it comes', async () => {
    const gates = Array.from({ length: 5 }, gate);
    const play = stage.play(async function* () {
      yield headOf(FRESH, 'Content-Length: 500');
      for (const [i, each] of gates.entries()) {
        yield* pieces(i * 100, (i + 1) * 100);
        await each.open;
      }
    });
    const clients = await play.followMany(8);
    for (const [i, each] of gates.entries()) {
      for (const client of clients) await client.reached((i + 1) * 100);
      each.lift();
    }
    for (const each of clients) expect(await each.done()).toMatchObject(whole(500));
  });
});

describe('who is slow', () => {
  test('delays neither the fetch nor the others, and still gets all of it', async () => {
    const { play, lift } = heldBack(LARGE, MIB);
    const leader = await play.follow();
    await leader.firstByte();
    const slow = await play.followMany(4);
    const others = await play.followMany(6);
    for (const each of slow) {
      await each.firstByte();
      each.pause();
    }
    lift();
    for (const each of [leader, ...others]) expect(await each.done(10_000)).toMatchObject(whole(LARGE));
    for (const each of slow) expect(each.received).toBeLessThan(LARGE);
    const hit = await (await play.follow()).done(10_000);
    expect(hit).toMatchObject(whole(LARGE));
    expect(statusOf(hit)).toBe('hit');
    for (const each of slow) each.resume();
    for (const each of slow) expect(await each.done(10_000)).toMatchObject(whole(LARGE));
    expect(play.asked).toHaveLength(1);
  });

  test('and began the fetch: the others do not wait for it', async () => {
    const { play, lift } = heldBack(LARGE, MIB);
    const leader = await play.follow();
    await leader.firstByte();
    leader.pause();
    const others = await play.followMany(6);
    for (const each of others) await each.firstByte();
    lift();
    for (const each of others) expect(await each.done(10_000)).toMatchObject(whole(LARGE));
    expect(leader.received).toBeLessThan(LARGE);
    leader.resume();
    expect(await leader.done(10_000)).toMatchObject(whole(LARGE));
    expect(play.asked).toHaveLength(1);
  });

  test('is one of those for whom a fetch goes on without the client that began it', async () => {
    // On one thread, where nobody but the slow ones could keep it going.
    const alone = await openStage({ workers: 1, cache: { memory: '192MiB' } });
    const rest = gate();
    const play = alone.play(async function* () {
      yield headOf(FRESH, `Content-Length: ${LARGE}`);
      yield* pieces(0, LARGE / 2);
      await rest.open;
      yield* pieces(LARGE / 2, LARGE);
    });
    const leader = await play.follow();
    const slow = await play.follow();
    await slow.firstByte();
    slow.pause();
    await leader.reached(LARGE / 2);
    leader.reset();
    await play.lines(1);
    rest.lift();
    const late = await (await play.follow()).done(10_000);
    expect(late).toMatchObject(whole(LARGE));
    slow.resume();
    expect(await slow.done(10_000)).toMatchObject(whole(LARGE));
    expect(play.asked).toHaveLength(1);
  });

  test('and leaves: what it held back is given up', async () => {
    const { play, lift } = heldBack(LARGE, MIB);
    const slow = await play.follow();
    await slow.firstByte();
    slow.pause();
    const other = await play.follow();
    await other.firstByte();
    lift();
    expect(await other.done(10_000)).toMatchObject(whole(LARGE));
    slow.reset();
    const cut = (await play.lines(2)).filter(({ bytes }) => bytes < LARGE);
    expect(cut).toMatchObject([{ status: 200, cache: 'uri-miss' }]);
  });
});

describe('ranges of what is still coming', () => {
  test('what is there is sent at once, and what is not when it comes', async () => {
    const { play, lift } = heldBack(MIB, MIB / 2);
    const leader = await play.follow();
    await leader.reached(MIB / 2);
    const early = await play.fetch({ head: ['Range: bytes=100-199'] });
    expect(early).toMatchObject({ status: 206, body: patternAt(100, 100).toString('latin1') });
    expect(fieldOf(early, 'content-range')).toBe(`bytes 100-199/${MIB}`);
    const late = play.fetch({ head: [`Range: bytes=${MIB - 100}-`] });
    const across = play.fetch({ head: [`Range: bytes=${MIB / 2 - 50}-${MIB / 2 + 49}`] });
    const several = play.fetch({ head: [`Range: bytes=0-9,${MIB - 10}-`] });
    const beyond = await play.fetch({ head: [`Range: bytes=${MIB}-`] });
    expect(beyond).toMatchObject({ status: 416, body: '' });
    expect(fieldOf(beyond, 'content-range')).toBe(`bytes */${MIB}`);
    await stage.quiet();
    lift();
    expect(await late).toMatchObject({ status: 206, body: patternAt(MIB - 100, 100).toString('latin1') });
    expect(await across).toMatchObject({ status: 206, body: patternAt(MIB / 2 - 50, 100).toString('latin1') });
    const parts = await several;
    expect(parts).toMatchObject({ status: 206, end: 'clean' });
    expect(parts.body).toContain(`\r\n\r\n${patternAt(0, 10).toString('latin1')}\r\n`);
    expect(parts.body).toContain(`\r\n\r\n${patternAt(MIB - 10, 10).toString('latin1')}\r\n`);
    expect(await leader.done()).toMatchObject(whole(MIB));
    expect(play.asked).toHaveLength(1);
  });

  test('of unknown length, the whole is sent', async () => {
    const rest = gate();
    const play = stage.play(async function* () {
      yield headOf(FRESH, 'Transfer-Encoding: chunked');
      yield* chunks(0, 1000);
      await rest.open;
      yield* chunks(1000, 2000);
      yield LAST_CHUNK;
    });
    const leader = await play.follow();
    await leader.firstByte();
    const reply = play.fetch({ head: ['Range: bytes=0-9'] });
    await stage.quiet();
    rest.lift();
    expect(await leader.done()).toMatchObject(whole(2000));
    expect(await reply).toMatchObject({ status: 200, body: patternAt(0, 2000).toString('latin1') });
  });

  test('HEAD and conditions are answered before the body is there', async () => {
    const rest = gate();
    const play = stage.play(async function* () {
      yield headOf(FRESH, 'ETag: "1"', 'Content-Type: text/plain', 'Content-Length: 20');
      yield* pieces(0, 10);
      await rest.open;
      yield* pieces(10, 20);
    });
    const leader = await play.follow();
    await leader.firstByte();
    const head = await play.fetch({ method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(fieldOf(head, 'content-length')).toBe('20');
    expect(statusOf(head)).toBe('hit');
    const unchanged = await play.fetch({ head: ['If-None-Match: "1"'] });
    expect(unchanged).toMatchObject({ status: 304, body: '' });
    expect(fieldOf(unchanged, 'etag')).toBe('"1"');
    expect(fieldOf(unchanged, 'content-type')).toBeUndefined();
    rest.lift();
    expect(await leader.done()).toMatchObject(whole(20));
    expect(play.asked).toHaveLength(1);
  });
});

describe('HTTP/2', () => {
  const fields = ({ target }: Play, ...more: [string, string][]) => [
    [':method', 'GET'] as const,
    [':scheme', 'https'] as const,
    [':authority', 'www.example.com'] as const,
    [':path', target] as const,
    ...more,
  ];

  async function open(client: H2Client, play: Play): Promise<number> {
    const stream = client.newStream();
    await client.send(headersFrame(stream, fields(play)));
    return stream;
  }

  /** Resolves when a piece of the body has come. */
  function firstPiece(client: H2Client, stream: number): Promise<unknown> {
    return client.frameWhere(
      (frame) => frame.type === 0 && frame.stream === stream && frame.payload.length > 0,
      'DATA',
    );
  }

  test('streams follow one fetch, in one connection and in several', async () => {
    const { play, lift } = heldBack(MIB, 1000);
    const clients = await Promise.all([1, 2, 3].map(() => connectH2(stage.portico.port(1))));
    const streams: [H2Client, number][] = [];
    for (const client of clients) for (let i = 0; i < 5; i++) streams.push([client, await open(client, play)]);
    for (const [client, stream] of streams) await firstPiece(client, stream);
    lift();
    const expected = Buffer.concat([...pieces(0, MIB)]).toString('latin1');
    for (const [client, stream] of streams) {
      const outcome = await client.outcome(stream);
      expect(outcome).toMatchObject({ status: 200, end: 'clean' });
      expect(outcome.body === expected).toBe(true);
    }
    expect(play.asked).toHaveLength(1);
  });

  test('a stream whose window is shut delays no other', async () => {
    const { play, lift } = heldBack(LARGE, MIB);
    const settings = { [SETTING.INITIAL_WINDOW_SIZE]: 65_535 };
    const slow = await connectH2(stage.portico.port(1), { settings });
    const stuck = await open(slow, play);
    await firstPiece(slow, stuck);
    const quick = await connectH2(stage.portico.port(1));
    const stream = await open(quick, play);
    await firstPiece(quick, stream);
    lift();
    expect((await quick.outcome(stream, 10_000)).body).toHaveLength(LARGE);
    await slow.send(windowUpdateFrame(stuck, LARGE));
    const late = await slow.outcome(stuck, 10_000);
    expect(late).toMatchObject({ status: 200, end: 'clean' });
    expect(late.body === Buffer.concat([...pieces(0, LARGE)]).toString('latin1')).toBe(true);
    expect(play.asked).toHaveLength(1);
  });

  test('a stream that is reset leaves the others alone, also when it began the fetch', async () => {
    const { play, lift } = heldBack(MIB, 1000);
    const client = await connectH2(stage.portico.port(1));
    const first = await open(client, play);
    await firstPiece(client, first);
    const other = await open(client, play);
    await firstPiece(client, other);
    await client.send(resetFrame(first));
    await play.lines(1);
    lift();
    expect((await client.outcome(other)).body).toHaveLength(MIB);
    expect(play.asked).toHaveLength(1);
  });

  test('a body that breaks off resets all streams', async () => {
    const fault = gate();
    const play = stage.play(async function* ({ connection }) {
      yield headOf(FRESH, `Content-Length: ${MIB}`);
      yield* pieces(0, 1000);
      await fault.open;
      connection.reset();
    });
    const client = await connectH2(stage.portico.port(1));
    const streams = [await open(client, play), await open(client, play), await open(client, play)];
    for (const stream of streams) await firstPiece(client, stream);
    fault.lift();
    for (const stream of streams) expect(await client.outcome(stream)).toMatchObject({ status: 200, end: 'reset' });
  });

  test('parts, conditions and what is told are as with HTTP/1.1', async () => {
    const play = stage.play(() => Buffer.from(`${headOf(FRESH, 'ETag: "1"', 'Content-Length: 5')}hello`));
    const client = await connectH2(stage.portico.port(1));
    const miss = await client.request(fields(play));
    expect([miss.status, miss.body, statusOf(miss)]).toEqual([200, 'hello', 'fwd=uri-miss; stored']);
    const hit = await client.request(fields(play));
    expect([hit.status, hit.body, statusOf(hit)]).toEqual([200, 'hello', 'hit']);
    const part = await client.request(fields(play, ['range', 'bytes=1-2']));
    expect([part.status, part.body, statusOf(part)]).toEqual([206, 'el', 'hit']);
    const same = await client.request(fields(play, ['if-none-match', '"1"']));
    expect([same.status, same.body, statusOf(same)]).toEqual([304, '', 'hit']);
    const over1 = await play.fetch({ host: 'www.example.com' });
    // Another scheme is another object.
    expect(statusOf(over1)).toBe('fwd=uri-miss; stored');
  });
});
