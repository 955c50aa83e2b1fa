import { beforeAll, describe, expect, test } from 'vitest';
import { answer, type Script } from '../support/origin.ts';
import { patternAt } from '../support/pattern.ts';
import { fieldOf, type RawResponse } from '../support/raw-client.ts';
import { PATIENCE } from '../support/wait.ts';
import { gate, headOf, KIB, MIB, type Play, pieces, type Stage, statusOf, whole } from './cache-scene.ts';
import { bodyOf, endOf, FRESH, Place, sized } from './disk-place.ts';

/** What is on disk: there after a restart, whatever ended the process, and served as if it were in memory. */

let place: Place;

beforeAll(async () => {
  place = await Place.open();
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s and a start what was stored is there, and what was purged is not, nor what was fetched meanwhile',
  async (signal) => {
    const lasting = await Place.open();
    const { stage } = lasting;
    const kept = [100, 3 * KIB, 50 * KIB, 65 * KIB, 300 * KIB, 3 * MIB].map((length) => ({
      play: stage.play(sized(length, 'ETag: "1"', 'X-Kept: as it was', 'Surrogate-Key: kept')),
      length,
    }));
    const variants = stage.play((request) =>
      answer(`${request.values('accept-language')} ${endOf(request.target)}`, {
        fields: [FRESH, 'Vary: Accept-Language'],
      }),
    );
    const missing = stage.play(({ target }) => answer(endOf(target), { status: '404 Not Found', fields: [FRESH] }));
    const aged = stage.play(({ target }) => answer(endOf(target), { fields: [FRESH, 'Age: 1000'] }));
    const gone = [1, 2, 3].map(() => stage.play(sized(100, 'Surrogate-Key: gone'), '/gone'));
    const byUrl = stage.play(sized(200 * KIB));
    const soft = stage.play(sized(100, 'ETag: "1"'));
    const changed = stage.play(({ method, target }) =>
      method === 'POST' ? answer('') : answer(`${changed.asked.length} ${endOf(target)}`, { fields: [FRESH] }),
    );
    const replaced = stage.play(({ target }) =>
      answer(`${replaced.asked.length} ${endOf(target)}`, { fields: [FRESH] }),
    );
    const all = [...kept.map(({ play }) => play), missing, aged, ...gone, byUrl, soft, changed, replaced];
    for (const play of all) await play.fetch();
    for (const each of ['de', 'fr']) await variants.fetch({ head: [`Accept-Language: ${each}`] });
    await lasting.written(...all, variants);

    const [underWay, finish] = await beginToFetch(stage);
    expect((await lasting.purge(byUrl.target)).status).toBe(200);
    await lasting.purge(underWay.target);
    await lasting.purge(replaced.target);
    await replaced.fetch();
    await lasting.purge(gone[0]?.target as string);
    await lasting.purge(`${gone[1]?.target}*`);
    await lasting.purge('/', 'Cache-Tag: gone');
    await lasting.purge(soft.target, 'X-Purge-Soft: 1');
    await changed.fetch({ method: 'POST' });
    await finish();
    // What each thread writes, it writes in turn.
    const last = Array.from({ length: 8 }, () => stage.play(sized(100)));
    await Promise.all(last.map((play) => play.fetch()));
    await lasting.written(...last);

    await lasting.restart(signal);
    const before = lasting.origin.requests.length;
    for (const { play, length } of kept) {
      const again = await lasting.again(play).fetch();
      expect([again.status, statusOf(again), fieldOf(again, 'x-kept'), fieldOf(again, 'etag')]).toEqual([
        200,
        'hit',
        'as it was',
        '"1"',
      ]);
      expect(again.body === bodyOf(play.target, length).toString('latin1')).toBe(true);
    }
    for (const language of ['de', 'fr']) {
      const again = await lasting.again(variants).fetch({ head: [`Accept-Language: ${language}`] });
      expect([again.body, statusOf(again)]).toEqual([`${language} ${endOf(variants.target)}`, 'hit']);
    }
    expect(await lasting.again(missing).fetch()).toMatchObject({ status: 404, body: endOf(missing.target) });
    expect(fieldOf(await lasting.again(aged).fetch(), 'age')).toMatch(/^10\d\d$/);
    expect(lasting.origin.requests.length).toBe(before);

    for (const play of [...gone, byUrl, underWay]) {
      expect(statusOf(await lasting.again(play).fetch())).toMatch(/^fwd=uri-miss/);
    }
    expect(statusOf(await lasting.again(soft).fetch())).toMatch(/^fwd=stale;.*detail=purged$/);
    expect((await lasting.again(changed).fetch()).body).toBe(`3 ${endOf(changed.target)}`);
    expect((await lasting.again(replaced).fetch()).body).toMatch(/^[23] /);
  },
);

/** A fetch, with a follower, that ends when it is told to. */
async function beginToFetch(stage: Stage): Promise<readonly [Play, () => Promise<void>]> {
  const SIZE = 300 * KIB;
  const go = gate();
  const play = stage.play(async function* ({ target }) {
    const body = bodyOf(target, SIZE);
    yield headOf(FRESH, `Content-Length: ${SIZE}`);
    yield body.subarray(0, SIZE / 2);
    await go.open;
    yield body.subarray(SIZE / 2);
  });
  const clients = [await play.follow(), await play.follow()];
  for (const each of clients) await each.firstByte();
  const finish = async () => {
    go.lift();
    for (const each of clients) expect(await each.done()).toMatchObject({ received: SIZE, end: 'clean' });
  };
  return [play, finish];
}

describe('what is larger than memory_object_limit', () => {
  const SIZE = 4 * MIB;
  const COUNT = 8;

  const large: Script = async function* () {
    yield headOf(FRESH, 'ETag: "1"', `Content-Length: ${SIZE}`);
    yield* pieces(0, SIZE, MIB);
  };

  let plays: Play[];

  beforeAll(async () => {
    plays = Array.from({ length: COUNT }, () => place.stage.play(large));
    for (const [i, play] of plays.entries()) {
      expect(await (await play.follow()).done()).toMatchObject(whole(SIZE));
      await place.holds((i + 1) * SIZE);
    }
  });

  test('is all there, though memory has no room for half of it', async () => {
    for (const play of plays) {
      const outcome = await (await play.follow()).done();
      expect(outcome).toMatchObject(whole(SIZE));
      expect(statusOf(outcome)).toBe('hit');
    }
    expect(plays.flatMap((play) => play.asked)).toHaveLength(COUNT);
  });

  test.each([
    { range: 'bytes=0-99', from: 0, to: 100 },
    { range: 'bytes=131000-131199', from: 131_000, to: 131_200 },
    { range: 'bytes=1000000-2000000', from: 1_000_000, to: 2_000_001 },
    { range: 'bytes=-1', from: SIZE - 1, to: SIZE },
  ])('in part: $range', async ({ range, from, to }) => {
    const reply = await (plays[0] as Play).fetch({ head: [`Range: ${range}`] });
    expect([reply.status, statusOf(reply)]).toEqual([206, 'hit']);
    expect(reply.body === patternAt(from, to - from).toString('latin1')).toBe(true);
  });

  test('in several parts', async () => {
    const reply = await (plays[0] as Play).fetch({ head: ['Range: bytes=0-9,2000000-2000009'] });
    expect([reply.status, statusOf(reply)]).toEqual([206, 'hit']);
    for (const at of [0, 2_000_000]) expect(reply.body).toContain(patternAt(at, 10).toString('latin1'));
  });

  test('HEAD, and who has it already, need none of it', async () => {
    const head = await (plays[0] as Play).fetch({ method: 'HEAD' });
    expect([head.status, fieldOf(head, 'content-length'), statusOf(head)]).toEqual([200, `${SIZE}`, 'hit']);
    expect((await (plays[0] as Play).fetch({ head: ['If-None-Match: "1"'] })).status).toBe(304);
  });

  test('stale, in place of an error', async () => {
    const body = Buffer.concat([...pieces(0, MIB)]);
    const fields = ['Cache-Control: max-age=60, stale-if-error=1000', 'Age: 100', 'ETag: "1"'];
    const play = place.stage.play(async function* () {
      if (play.asked.length > 1) yield answer('', { status: '503 Busy' });
      else yield Buffer.concat([Buffer.from(headOf(...fields, `Content-Length: ${MIB}`)), body]);
    });
    const used = place.used;
    await play.fetch();
    await place.holds(used + MIB);
    for (const reply of await play.fetchMany(4)) {
      expect([statusOf(reply), reply.body === body.toString('latin1')]).toEqual(['hit; detail=stale-error', true]);
    }
  });

  test('to many at once', async () => {
    const clients = await Promise.all(plays.flatMap((play) => [play.followMany(8)]));
    for (const each of clients.flat()) expect(await each.done(15_000)).toMatchObject(whole(SIZE));
    expect(plays.flatMap((play) => play.asked)).toHaveLength(COUNT);
  });

  test('to slow clients, also when it is evicted meanwhile; and those who leave keep nothing', async () => {
    const slow = await Promise.all(plays.map((play) => play.follow()));
    for (const each of slow) {
      await each.firstByte();
      each.pause();
    }
    const leaving = await (plays[0] as Play).followMany(5);
    for (const each of leaving) {
      await each.firstByte();
      each.reset();
    }
    // More than the disk tier takes.
    for (let i = 0; i < 18; i++) {
      expect(await (await place.stage.play(large).follow()).done()).toMatchObject(whole(SIZE));
      await place.stage.quiet();
    }
    for (const each of slow) each.resume();
    for (const each of slow) expect(await each.done(10_000)).toMatchObject(whole(SIZE));
    expect(place.used).toBeLessThanOrEqual(64 * MIB);
    const again = await Promise.all(plays.map((play) => play.follow()));
    for (const each of again) expect(await each.done(10_000)).toMatchObject(whole(SIZE));
  });
});

test('what a POST made invalid does not come back, though the kill follows on the heels of its reply', async () => {
  const lasting = await Place.open({
    site: { routes: [{ path: '/device', cache: { key_headers: ['X-Device'] } }] },
  });
  const { stage } = lasting;
  let round = 0;
  const script: Script = ({ method, target }) =>
    method === 'POST' ? answer('') : answer(`${round} ${endOf(target)}`, { fields: [FRESH] });
  const [plain, byDevice] = [stage.play(script), stage.play(script, '/device')];
  const kept = stage.play(script);
  await kept.fetch();
  const onDevice = (device: string) => ({ head: [`X-Device: ${device}`] });
  for (round = 1; round <= 4; round++) {
    const [page, devices] = [lasting.again(plain), lasting.again(byDevice)];
    const bodies = async () => {
      const replies = [page.fetch(), devices.fetch(onDevice('phone')), devices.fetch(onDevice('desk'))];
      return (await Promise.all(replies)).map(({ body }) => Number.parseInt(body, 10));
    };
    // Of the round before there is nothing.
    expect(await bodies()).toEqual([round, round, round]);
    const onDisk = ({ target }: Play) => lasting.files.some(({ bytes }) => bytes.includes(`${round} ${endOf(target)}`));
    await expect.poll(() => onDisk(page) && onDisk(devices), { timeout: PATIENCE }).toBe(true);
    const posted = round % 2 === 0 ? page : devices;
    for (const play of [page, devices]) if (play !== posted) await play.fetch({ method: 'POST' });
    // Some large ones wait to be written, or are still under way.
    const large = Array.from({ length: 8 }, () => lasting.stage.play(sized(500 * KIB)).follow());
    for (const each of round > 2 ? large : []) await (await each).done();
    expect((await posted.fetch({ method: 'POST' })).status).toBe(200);
    await Promise.all(large);
    await lasting.restart('SIGKILL');
  }
  expect((await lasting.again(kept).fetch()).body).toBe(`0 ${endOf(kept.target)}`);
  expect(statusOf(await lasting.again(kept).fetch())).toBe('hit');
});

test('purges are as sure of what is on disk only: no old version is served, nor after a kill', async () => {
  let version = 0;
  const lasting = await Place.open({ workers: 4, cache: { memory_object_limit: '1KiB' } });
  const play = lasting.stage.play(() => answer(`${version}`.padEnd(40 * KIB, '.'), { fields: [FRESH] }));
  const versionsOf = (replies: readonly RawResponse[]) => replies.map(({ body }) => Number.parseInt(body, 10));
  for (version = 1; version <= 40; version++) {
    expect((await lasting.purge(version % 2 === 0 ? play.target : '/play*')).status).toBe(200);
    expect(versionsOf(await play.fetchMany(8))).toEqual(Array(8).fill(version));
    // From memory while it is being written, and from disk afterwards.
    if (version % 10 === 0) await lasting.stage.quiet();
  }
  const stored = version - 1;
  const hit = await play.fetch();
  expect([statusOf(hit), ...versionsOf([hit])]).toEqual(['hit', stored]);
  await lasting.purge('/', 'X-Purge-All: 1');
  await lasting.restart('SIGKILL');
  expect(versionsOf(await lasting.again(play).fetchMany(8))).toEqual(Array(8).fill(version));
});
