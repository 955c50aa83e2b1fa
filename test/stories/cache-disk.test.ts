import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/units.ts';
import { portico } from '../support/command.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { patternAt } from '../support/pattern.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw, fieldOf } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { PATIENCE, turn } from '../support/wait.ts';
import { cachingDoor, gate, headOf, KIB, MIB, Play, pieces, Stage, statusOf, whole } from './cache-scene.ts';

/** What is on disk: there after a restart, whatever ended the process, and served as if it were in memory. */

const FRESH = 'Cache-Control: max-age=3600';
const NOT_STORED = answer('', { fields: ['Cache-Control: no-store'] });

/** One origin, one directory, and one Portico after the other. */
class Place {
  readonly origin: ScriptedOrigin;
  readonly directory: string;
  readonly #scripts: Map<string, Script>;
  readonly #scene: object;
  #stage: Stage | undefined;

  static async open(scene: object = {}, directory?: string): Promise<Place> {
    const scripts = new Map<string, Script>();
    const origin = await startOrigin((request) => scripts.get(request.target)?.(request) ?? NOT_STORED);
    const place = new Place(origin, directory ?? join(await tempDir('cache'), 'objects'), scripts, scene);
    await place.start();
    return place;
  }

  constructor(origin: ScriptedOrigin, directory: string, scripts: Map<string, Script>, scene: object) {
    this.origin = origin;
    this.directory = directory;
    this.#scripts = scripts;
    this.#scene = scene;
  }

  get stage(): Stage {
    return this.#stage as Stage;
  }

  get config(): object {
    const disk = { directory: this.directory, size: '64MiB' };
    return cachingDoor(this.origin, { cache: { memory: '8MiB', memory_object_limit: '64KiB', disk }, ...this.#scene });
  }

  async start(): Promise<void> {
    this.#stage = new Stage(this.origin, await startPortico(this.config), this.#scripts);
  }

  /** Ends it, starts it again, and has it know what is there. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { portico: former } = this.stage;
    if (signal === 'SIGKILL') await former.kill();
    else expect(await former.stop()).toBe(0);
    await this.start();
    await this.stage.portico.events.waitFor('disk cache is indexed');
  }

  /** The same target, asked for after a restart. */
  again({ target }: Play): Play {
    return new Play(this.stage, target);
  }

  purge(target: string, ...head: string[]) {
    return fetchRaw(this.stage.port, target, { method: 'PURGE', head });
  }

  /** What the files in the directory say. */
  get files(): { readonly path: string; readonly bytes: Buffer }[] {
    const paths = readdirSync(this.directory).map((name) => join(this.directory, name));
    return paths.filter((path) => statSync(path).isFile()).map((path) => ({ path, bytes: readFileSync(path) }));
  }

  /** What the files in the directory take. */
  get used(): Bytes {
    const paths = readdirSync(this.directory).map((name) => join(this.directory, name));
    return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** Resolves when the files take so much. */
  async holds(bytes: Bytes): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE);
    while (this.used < bytes && !deadline.aborted) await turn();
    expect(this.used).toBeGreaterThanOrEqual(bytes);
  }

  /** Resolves when all of these have been written: each ends with its own target. */
  async written(...plays: readonly Play[]): Promise<void> {
    const missing = () => plays.filter(({ target }) => !this.files.some(({ bytes }) => bytes.includes(endOf(target))));
    const deadline = AbortSignal.timeout(PATIENCE);
    while (missing().length > 0 && !deadline.aborted) await turn();
    expect(missing().map(({ target }) => target)).toEqual([]);
  }
}

/** The last bytes of a body, by which it is found in a file. */
function endOf(target: string): string {
  return `<end of ${target}>`;
}

/** A body of this length that ends with its target. */
function bodyOf(target: string, length: number): Buffer {
  const end = Buffer.from(endOf(target));
  return Buffer.concat([patternAt(0, Math.max(0, length - end.length)), end]);
}

const sized = (length: number, ...fields: string[]): Script =>
  async function* ({ target }) {
    const body = bodyOf(target, length);
    yield headOf(FRESH, ...fields, `Content-Length: ${body.length}`);
    for (let at = 0; at < body.length; at += MIB) yield body.subarray(at, at + MIB);
  };

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

  test('is all there, though memory has no room for two of it', async () => {
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

test('what was damaged on disk is not served: who was sent half of it sees it break off, the next one gets it anew', async () => {
  const damaged = await Place.open();
  const [small, large] = [damaged.stage.play(sized(1000)), damaged.stage.play(sized(MIB))];
  for (const play of [small, large]) await play.fetch();
  await damaged.written(small, large);
  expect(await damaged.stage.portico.stop()).toBe(0);
  for (const { path, bytes } of damaged.files) {
    for (const { target } of [small, large]) {
      const at = bytes.indexOf(endOf(target));
      if (at === -1) continue;
      bytes[at] = 0x21;
      writeFileSync(path, bytes);
    }
  }
  await damaged.start();
  await damaged.stage.portico.events.waitFor('disk cache is indexed');
  const reply = await damaged.again(small).fetch();
  expect([reply.status, reply.body === bodyOf(small.target, 1000).toString('latin1')]).toEqual([200, true]);
  const broken = await (await damaged.again(large).follow()).done();
  expect(broken).toMatchObject({ end: 'broken' });
  const whole = await damaged.again(large).fetch();
  expect(whole.body === bodyOf(large.target, MIB).toString('latin1')).toBe(true);
  await damaged.stage.portico.events.waitFor('disk cache has damaged records, they are not served');
});

describe('a directory that cannot be used is refused at the start', () => {
  async function refusal(directory: string) {
    const dir = await tempDir();
    const config = cachingDoor({ url: 'http://127.0.0.1:1' }, { cache: { disk: { directory, size: '64MiB' } } });
    writeFileSync(join(dir, 'portico.yaml'), JSON.stringify({ ...config, node: { state_dir: join(dir, 'state') } }));
    const { status, stderr } = await portico(['run'], { cwd: dir });
    expect(status).toBe(1);
    return stderr.join('\n');
  }

  test('it is in use by another one', async () => {
    expect(await refusal(place.directory)).toBe(
      `portico.yaml cache.disk.directory: another process has its disk cache in ${place.directory}`,
    );
    // Which does not notice.
    expect((await place.stage.play(sized(100)).fetch()).status).toBe(200);
  });

  test('it cannot be written', async () => {
    const readOnly = process.getuid?.() === 0 ? '/proc/portico' : '/portico';
    expect(await refusal(readOnly)).toMatch(
      /^portico\.yaml cache\.disk\.directory: cannot keep the disk cache in \/\S+: [a-z ]+$/,
    );
  });
});

test('a disk that is full: everybody is served, and the operator is told once', async (context) => {
  const disk = await tempDir('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return context.skip('mounting a small file system needs root');
  }
  atTeardown(() => execFileSync('umount', ['-l', disk]));
  const full = await Place.open({}, join(disk, 'cache'));
  const SIZE = 900 * KIB;
  const script: Script = async function* () {
    yield headOf(FRESH, `Content-Length: ${SIZE}`);
    yield* pieces(0, SIZE);
  };
  const plays = Array.from({ length: 30 }, () => full.stage.play(script));
  for (let round = 0; round < 3; round++) {
    const followers = await Promise.all(plays.map((play) => play.follow()));
    for (const each of followers) expect(await each.done(10_000)).toMatchObject(whole(SIZE));
  }
  const small = full.stage.play(() => answer('small', { fields: [FRESH] }));
  await small.fetch();
  expect(statusOf(await small.fetch())).toBe('hit');
  expect((await full.purge(small.target)).status).toBe(200);
  expect(statusOf(await small.fetch())).not.toBe('hit');
  const { events } = full.stage.portico;
  await events.waitFor('disk cache cannot be written, it is only read for now');
  expect(events.all.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
});
