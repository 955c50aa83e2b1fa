import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomFrom } from '../../../bench/eviction/random.ts';
import type { Language, Purge } from '../../cache/model.ts';
import { etagOf, PlayedCall, type Said, type Version } from './played-origin.ts';
import { Rig, type RigOptions } from './rig.ts';
import { type Excuses, type PlayedRequest, verdictOn } from './verdict.ts';

const PATHS = ['/a/plain', '/a/plain/chunked', '/a/etag', '/a/etag/v', '/b/plain/v', '/b/etag', '/b/etag/chunked'];
const PREFIXES = ['/a/', '/a/plain', '/b/e'];
const TAGS = ['red', 'blue'];
const POLICIES: readonly Version['policy'][] = [0, 5, 30, 30, 300, 'no-cache', 'no-store'];
const LANGUAGES: readonly (Language | undefined)[] = ['en', 'fr', undefined];
const RANGES = ['bytes=0-', 'bytes=0-99', 'bytes=100-', 'bytes=-50', 'bytes=600-1200', 'bytes=5000-9000'];

/**
 * Plays requests that overlap: the origin answers piece by piece while others ask for the same, time goes on, things are purged,
 * clients stall and leave, and fetches break off. Throws at the first reply that is not right, with what happened until then.
 */
export async function playOverlapping(
  seed: number,
  steps: number,
  options: Omit<RigOptions, 'answer'>,
  excuses: Excuses,
): Promise<void> {
  const play = await Play.open(seed, options, excuses);
  try {
    for (let step = 0; step < steps; step++) await play.next();
    await play.finish();
  } catch (cause) {
    throw new Error(`seed ${seed}:\n  ${play.story.slice(-80).join('\n  ')}\n${(cause as Error).stack}`, { cause });
  } finally {
    await play.close();
  }
}

class Play {
  readonly story: string[] = [];
  readonly #random: () => number;
  readonly #excuses: Excuses;
  readonly #chronicle: {
    readonly said: Said[];
    readonly purges: { step: number; purge: Purge }[];
    readonly failures: { step: number; path: string }[];
  } = { said: [], purges: [], failures: [] };
  readonly #versions = new Map<string, Version>();
  #rig!: Rig;
  #step = 0;
  #version = 0;
  #asked = 0;
  #calls: PlayedCall[] = [];
  #requests: PlayedRequest[] = [];

  static async open(seed: number, options: Omit<RigOptions, 'answer'>, excuses: Excuses): Promise<Play> {
    const play = new Play(seed, excuses);
    play.#rig = await Rig.open({
      ...options,
      answer: (call) => play.#calls.push(new PlayedCall(call, play.#step, play.#rig.now)),
    });
    for (const path of PATHS) play.#change(path);
    return play;
  }

  private constructor(seed: number, excuses: Excuses) {
    this.#random = randomFrom(seed);
    this.#excuses = excuses;
  }

  async next(): Promise<void> {
    this.#step += 1;
    const dice = this.#random();
    if (dice < 0.3) this.#ask();
    else if (dice < 0.74) this.#answer();
    else if (dice < 0.82)
      this.#pick(this.#requests.filter(({ asking }) => asking.exchange.isStalled))?.asking.exchange.takeMore();
    else if (dice < 0.85) this.#leave();
    else if (dice < 0.9) this.#purge();
    else if (dice < 0.95) this.#advance();
    else this.#change(this.#pick(PATHS) as string);
    await this.#look();
  }

  /** Lets all come to an end. */
  async finish(): Promise<void> {
    const deadline = performance.now() + 5000;
    while (this.#calls.length > 0 || this.#requests.length > 0) {
      if (performance.now() > deadline) throw new Error(`${this.#requests.length} requests do not end`);
      this.#step += 1;
      for (const { asking } of this.#requests) asking.exchange.takeMore();
      this.#answer();
      await this.#look();
    }
    await this.#rig.check();
  }

  close(): Promise<void> {
    return this.#rig.close();
  }

  #ask(): void {
    const path = this.#pick(PATHS) as string;
    const language = this.#pick(LANGUAGES);
    const method = this.#random() < 0.12 ? 'HEAD' : 'GET';
    const range = this.#random() < 0.2 ? this.#pick(RANGES) : undefined;
    const known = this.#pick(this.#chronicle.said.filter((said) => said.path === path));
    const tag = known && etagOf(known, language);
    const ifNoneMatch = this.#random() < 0.15 ? tag : undefined;
    const ifRange = range !== undefined && this.#random() < 0.3 ? tag : undefined;
    const noCache = this.#random() < 0.05;
    const fields = Object.entries({
      'Accept-Language': language,
      Range: range,
      'If-Range': ifRange,
      'If-None-Match': ifNoneMatch,
      'Cache-Control': noCache ? 'no-cache' : undefined,
    }).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    const isSlow = this.#random() < 0.3;
    const stalls = () => isSlow && this.#random() < 0.3;
    const seat = Math.floor(this.#random() * this.#rig.seats.length);
    this.#asked += 1;
    this.#tell(`request ${this.#asked} at ${seat}: ${method} ${path} ${fields.join(' ')}`);
    const asking = this.#rig.ask(
      seat,
      { method, target: path, fields: [...fields, 'X-Request', String(this.#asked)] },
      stalls,
    );
    const { now: clock } = this.#rig;
    this.#requests.push({
      asking,
      path,
      language,
      range: method === 'GET' ? range : undefined,
      ifRange,
      ifNoneMatch,
      noCache,
      step: this.#step,
      clock,
      headStep: undefined,
      headClock: undefined,
    });
  }

  #answer(): void {
    const played = this.#pick(this.#calls);
    if (played === undefined) return;
    const { said, path } = played;
    if (this.#random() < 0.04) {
      this.#tell(`the answer to ${played.call.field('x-request')} breaks off (${path})`);
      this.#chronicle.failures.push({ step: this.#step, path });
      played.fail();
    } else if (said === undefined) {
      const number = this.#chronicle.said.length;
      const version = this.#versions.get(path) as Version;
      this.#tell(`answer ${number} to ${played.call.field('x-request')}: ${JSON.stringify(version)}`);
      // It is shown before `head` returns.
      const { said: list } = this.#chronicle;
      list.length = number + 1;
      list[number] = played.head(version, number, this.#step, this.#rig.now);
      this.#tell(`  ${list[number].kind}`);
    } else {
      const length = 1 + Math.floor(this.#random() ** 3 * 20_000);
      this.#tell(`up to ${length} bytes for ${played.call.field('x-request')}`);
      played.goOn(length);
    }
  }

  #leave(): void {
    const request = this.#pick(this.#requests);
    if (request === undefined) return;
    this.#tell(`the client of ${request.asking.exchange.head.fields.at(-1)} leaves`);
    request.asking.exchange.leave();
  }

  #purge(): void {
    const soft = this.#random() < 0.5;
    const kind = this.#pick(['url', 'url', 'prefix', 'tag', 'all'] as const) ?? 'all';
    const purge: Purge =
      kind === 'all'
        ? { kind, soft }
        : { kind, what: this.#pick({ url: PATHS, prefix: PREFIXES, tag: TAGS }[kind]) ?? '', soft };
    this.#tell(JSON.stringify(purge));
    this.#rig.purge(Math.floor(this.#random() * this.#rig.seats.length), purge);
    this.#chronicle.purges.push({ step: this.#step, purge });
  }

  #advance(): void {
    const seconds = this.#pick([1, 4, 10, 29, 60]) ?? 1;
    this.#tell(`${seconds} s go by`);
    this.#rig.now += 1000 * seconds;
  }

  #change(path: string): void {
    this.#version += 1;
    const status = this.#random() < 0.1 ? 404 : 200;
    const policy = this.#pick(POLICIES) ?? 0;
    this.#versions.set(path, { path, version: this.#version, status, policy, tag: this.#pick(TAGS) ?? '' });
  }

  /** Holds what has come to an end against what has happened. */
  async #look(): Promise<void> {
    await nextTurn();
    for (const request of this.#requests) {
      if (!request.asking.exchange.responded) continue;
      request.headStep ??= this.#step;
      request.headClock ??= this.#rig.now;
    }
    for (const request of this.#requests.filter(({ asking }) => asking.exchange.outcome !== 'open')) {
      const { exchange } = request.asking;
      this.#tell(
        `reply to ${exchange.head.fields.at(-1)}: ${exchange.status} ${exchange.outcome} ${exchange.field('cache-status')}`,
      );
      const wrong = verdictOn(request, this.#chronicle, this.#excuses);
      if (wrong !== undefined)
        throw new Error(`${exchange.head.fields.join(' ')}: ${wrong}; ${exchange.fields.join(' ')}`);
    }
    this.#requests = this.#requests.filter(({ asking }) => asking.exchange.outcome === 'open');
    this.#calls = this.#calls.filter(({ call }) => call.isOpen);
  }

  #tell(what: string): void {
    this.story.push(`${this.#step}. ${what}`);
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)];
  }
}
