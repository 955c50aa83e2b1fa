import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bytes, Ms } from '../../../src/base/units.ts';
import { Cache } from '../../../src/cache/cache.ts';
import { CacheCounters } from '../../../src/cache/counters.ts';
import { DiskDirectory } from '../../../src/cache/disk/disk-directory.ts';
import { DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import { Invalidations } from '../../../src/cache/invalidations.ts';
import { CacheMemory } from '../../../src/cache/memory/cache-memory.ts';
import type { CachePlan } from '../../../src/cache/plan.ts';
import { BanBoard } from '../../../src/cache/purge/ban-board.ts';
import type { PurgeOrder } from '../../../src/cache/purge/order.ts';
import { CacheQuery } from '../../../src/cache/query.ts';
import type { CacheRules } from '../../../src/cache/rules.ts';
import { type EventLog, eventLevels } from '../../../src/observe/event-forward.ts';
import { CachedReply } from '../../../src/proxy/caching/cached-reply.ts';
import type { ProxyErrorCode } from '../../../src/proxy/error.ts';
import type { Fields } from '../../../src/proxy/exchange.ts';
import type { FetchOrder } from '../../../src/proxy/fetch-order.ts';
import type { SiblingPeers } from '../../../src/proxy/sibling-peers.ts';
import type { Purge } from '../../cache/model.ts';
import { type Asked, CollectedExchange } from './collected-exchange.ts';
import { type ScriptedCall, scriptedPool } from './scripted-origin.ts';

export interface RigOptions {
  /** Plays the origin. */
  readonly answer: (call: ScriptedCall) => void;
  /** Threads' worth of caches over the same memory. Default 2. */
  readonly seats?: number;
  /** Default 4 MiB. */
  readonly memory?: Bytes;
  /** Most entries of the index. Default 1024. */
  readonly entries?: number;
  /** The largest body that is stored. Default: as large as the memory. */
  readonly objectLimit?: Bytes;
  /** What each seat may keep decoded. Default 1 MiB. */
  readonly localSize?: Bytes;
  /** Default: no disk. */
  readonly disk?: { readonly size: Bytes; readonly memoryObjectLimit: Bytes };
  readonly rules?: Partial<CacheRules>;
  /** Siblings that are asked first. Default: there are none. */
  readonly siblings?: SiblingPeers;
}

/** How a reply came out, as the access log would hear it. */
export interface Ended {
  readonly status: number;
  readonly error: ProxyErrorCode | undefined;
}

/** A request, and what became of it. */
export interface Asking {
  readonly exchange: CollectedExchange;
  readonly reply: CachedReply;
  /** `undefined` while it is under way. */
  ended: Ended | undefined;
  /** The pipeline had no response to show, and left it to its owner to make one. */
  isOurs: boolean;
}

interface Seat {
  readonly memory: CacheMemory;
  readonly cache: Cache;
  readonly disk: DiskTier | undefined;
}

const HOST = 'www.example.com';

const RULES: CacheRules = {
  enabled: true,
  defaultTtl: undefined,
  ttl: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  ignoreQuery: false,
  keyHeaders: [],
  varyCookies: [],
  setCookie: 'bypass',
  refresh: [],
  // What cannot be validated and is not fresh is stored only if it may be shown one day.
  staleBeforeSplash: 86_400_000,
  compress: [],
  tellStatus: true,
};

/**
 * Portico's cache and all that leads to it from an exchange on, without sockets and threads: several caches over one memory, as
 * several threads have them, a clock that stands still, and an origin that is played.
 */
export class Rig {
  readonly seats: readonly Seat[];
  now: Ms = Date.UTC(2026, 0, 1);
  /** Fetches under way. */
  held = 0;
  readonly #rules: CacheRules;
  readonly #pool: ReturnType<typeof scriptedPool>;
  readonly #siblings: SiblingPeers | undefined;
  readonly #directory: DiskDirectory | undefined;
  readonly #asked: Asking[] = [];
  readonly #close: () => Promise<void>;

  static async open(options: RigOptions): Promise<Rig> {
    if (options.disk === undefined) return new Rig(options, undefined, undefined);
    const path = await mkdtemp(join(tmpdir(), 'portico-rig-'));
    const { seats = 2, disk } = options;
    let rig: Rig | undefined;
    const forget = (segment: number) => rig?.forget(segment);
    const directory = await DiskDirectory.open({ directory: path, size: disk.size, workers: seats, forget, log: LOG });
    rig = new Rig(options, directory, path);
    return rig;
  }

  private constructor(options: RigOptions, directory: DiskDirectory | undefined, path: string | undefined) {
    const { seats = 2, memory = 4 * 1024 * 1024, entries = 1024, localSize = 1024 * 1024, answer } = options;
    const { objectLimit = memory } = options;
    this.#rules = { ...RULES, ...options.rules };
    this.#pool = scriptedPool(answer);
    this.#siblings = options.siblings;
    this.#directory = directory;
    const handle = CacheMemory.allocate({ bytes: memory, entries, seats, seed: { high: 1, low: 2 } });
    const bans = BanBoard.allocate({ bans: [], sequence: 1 }, BANS);
    const counters = CacheCounters.allocate(seats);
    const stamps = new Int32Array(new SharedArrayBuffer(4 * STAMPS));
    const invalidations = new Invalidations(Invalidations.allocate());
    const plan: CachePlan = {
      memory,
      memoryObjectLimit: options.disk?.memoryObjectLimit ?? objectLimit,
      objectLimit,
      disk: undefined,
      purgeFrom: [],
    };
    this.seats = Array.from({ length: seats }, (_, seat): Seat => {
      const own = new CacheMemory(handle, seat);
      const forget = (segment: number) => void own.clearSegment(segment);
      const disk = directory && new DiskTier(directory.plan, { worker: seat, forget, log: LOG });
      const cache = new Cache({
        memory: own,
        disk,
        bans: new BanBoard(bans, seat, undefined, () => this.now),
        counters: new CacheCounters(counters, seat),
        stamps,
        invalidations,
        plan,
        name: 'rig',
        localSize,
        now: () => this.now,
      });
      return { memory: own, cache, disk };
    });
    this.#close = async () => {
      for (const { cache, disk } of this.seats) {
        cache.close();
        await disk?.close();
      }
      await directory?.close();
      if (path !== undefined) await rm(path, { recursive: true, force: true });
    };
  }

  forget(segment: number): void {
    this.seats[0]?.memory.clearSegment(segment);
  }

  cacheAt(seat: number): Cache {
    return (this.seats[seat] as Seat).cache;
  }

  purge(seat: number, purge: Purge): void {
    this.cacheAt(seat).purge([this.#orderOf(purge)], purge.soft);
  }

  /** As a POST to this target that the origin has done. */
  invalidate(seat: number, target: string): void {
    const { head } = new CollectedExchange({ method: 'POST', target }, this.now);
    const query = new CacheQuery(head, 'http', HOST, this.#rules, undefined);
    this.cacheAt(seat).invalidateBy(query, 'POST', { status: 204, fields: [] });
  }

  /** Begins a request at a seat. */
  ask(seat: number, asked: Asked, stalls?: () => boolean, forSibling = false): Asking {
    const cache = this.cacheAt(seat);
    const exchange = new CollectedExchange(asked, this.now, stalls);
    const { head } = exchange;
    const query = new CacheQuery(head, 'http', HOST, this.#rules, undefined);
    const order = (fields: Fields): FetchOrder => ({
      head,
      fields,
      body: undefined,
      pool: this.#pool,
      client: NOBODY_SPECIAL,
      lines: '',
      patience: PATIENCE,
      bodyLimit: undefined,
      siblings: this.#siblings,
    });
    const reply = new CachedReply(
      { cache, exchange, query, rules: NO_RULES, requestId: 'id', forSibling, order, hold: this.#hold },
      {
        finished: (status, error) => this.#ended(asking, { status, error }),
        failed: (error, status) => {
          asking.isOurs = true;
          exchange.reply({ status, fields: [] }, undefined);
          this.#ended(asking, { status, error });
        },
        upgraded: () => {
          throw new Error('nobody asked for another protocol');
        },
      },
    );
    const asking: Asking = { exchange, reply, ended: undefined, isOurs: false };
    this.#asked.push(asking);
    reply.start();
    return asking;
  }

  /** Resolves when the reply has ended. */
  async over({ exchange }: Asking): Promise<void> {
    await this.#until(() => exchange.outcome !== 'open', `${exchange.head.target} without an end`);
  }

  /** Resolves when nothing is under way any more: all fetches are over, and what goes to disk is there. */
  async settle(): Promise<void> {
    await this.#until(() => this.held === 0, 'a fetch without an end');
    if (this.#directory === undefined) return;
    for (const { disk } of this.seats) await disk?.flush();
    await nextTurn();
  }

  async #until(holds: () => boolean, otherwise: string): Promise<void> {
    const deadline = performance.now() + STUCK_AFTER;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(otherwise);
      await nextTurn();
    }
  }

  /** Throws for whatever is left behind by requests that are over. */
  async check(): Promise<void> {
    await this.settle();
    await nextTurn();
    const open = this.#asked.filter(({ ended }) => ended === undefined);
    if (open.length > 0) throw new Error(`${open.length} requests without an end: ${open[0]?.exchange.head.target}`);
    if (this.#pool.inFlight() !== 0) throw new Error(`${this.#pool.inFlight()} requests at the origin without an end`);
    for (const [seat, { memory }] of this.seats.entries()) {
      if (memory.pinned !== 0) throw new Error(`${memory.pinned} slots are pinned at seat ${seat}`);
      memory.check();
      if (memory.isBroken()) throw new Error('the memory is broken');
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  #orderOf(purge: Purge): PurgeOrder {
    switch (purge.kind) {
      case 'all':
        return { kind: 'all' };
      case 'tag':
        return { kind: 'tag', text: purge.what };
      case 'url':
      case 'prefix':
        return { kind: purge.kind, text: `http://${HOST}${purge.what}` };
    }
  }

  #ended(asking: Asking, ended: Ended): void {
    if (asking.ended !== undefined) throw new Error(`a second end: ${JSON.stringify(ended)}`);
    asking.ended = ended;
  }

  readonly #hold = {
    enter: () => {
      this.held += 1;
    },
    leave: () => {
      this.held -= 1;
    },
  };
}

const LOG: EventLog = eventLevels(() => {});
const NO_RULES = { remove: new Set<string>(), set: [], via: undefined };
/** Few, so that one key's changes are taken for another's. */
const STAMPS = 4;
const BANS: Bytes = 65_536;
/** Of the machine's own clock; no play may come to that. */
const PATIENCE: Ms = 60_000;
/** Of the machine's own clock as well: nothing here waits for it but the disk. */
const STUCK_AFTER: Ms = 5000;

const NOBODY_SPECIAL = {
  address: '192.0.2.99',
  proto: 'http',
  host: 'www.example.com',
  through: [],
  peerTrusted: false,
} as const;
