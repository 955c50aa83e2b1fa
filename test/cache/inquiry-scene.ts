import { expect } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import type { Cache } from '../../src/cache/cache.ts';
import type { Inquiry } from '../../src/cache/inquiry.ts';
import { CacheMemory } from '../../src/cache/memory/cache-memory.ts';
import type { CacheRequest, Fields } from '../../src/cache/message.ts';
import type { ObjectWriter } from '../../src/cache/object-writer.ts';
import type { CachePlan } from '../../src/cache/plan.ts';
import type { PurgeOrder } from '../../src/cache/purge/order.ts';
import { CacheQuery } from '../../src/cache/query.ts';
import type { CacheRules } from '../../src/cache/rules.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { WorkerCache } from '../../src/cache/worker-cache.ts';
import { atTeardown } from '../support/teardown.ts';
import { MIB } from './disk/records.ts';
import { recordedLog } from './disk/scene.ts';
import { cacheRequest } from './select/request.ts';
import { RULES } from './shared.ts';

export const FRESH = ['cache-control', 'max-age=3600'];
const isOwnPort = (port: number) => port === 80 || port === 8443;
const FOR_30_S = 30_000;
export const URL = 'http://www.site.test/page';

interface SceneOptions {
  /** Of the disk tier. Default: none. */
  readonly directory?: string;
  readonly rules?: Partial<CacheRules>;
}

/** What a node has of its cache: a worker that stores, and control that is asked. */
export class Scene {
  readonly shared: SharedCache;
  readonly worker: WorkerCache;
  readonly inquiry: Inquiry;
  readonly rules: CacheRules;
  /** How far the clock of whoever is asked is ahead. */
  readonly clock: { ahead: Ms };

  static async open({ directory, rules = {} }: SceneOptions = {}): Promise<Scene> {
    const { log } = recordedLog();
    const clock = { ahead: 0 };
    const disk = directory === undefined ? undefined : { directory, size: 64 * MIB };
    const plan: CachePlan = { memory: 4 * MIB, memoryObjectLimit: 1000, objectLimit: MIB, disk, purgeFrom: [] };
    const shared = await SharedCache.open({ plan, workers: 1, log, now: () => Date.now() + clock.ahead });
    const worker = new WorkerCache(shared.share, { worker: 0, workers: 1, log });
    worker.prepare(plan, 'test');
    shared.onRenewed = () => worker.replace(shared.share);
    const scene = new Scene(shared, worker, { ...RULES, ...rules }, clock);
    atTeardown(() => scene.close());
    await shared.recover();
    return scene;
  }

  private constructor(shared: SharedCache, worker: WorkerCache, rules: CacheRules, clock: { ahead: Ms }) {
    this.clock = clock;
    this.shared = shared;
    this.worker = worker;
    this.rules = rules;
    this.inquiry = shared.inquiry((host) => (host.endsWith('.test') ? rules : undefined), isOwnPort);
  }

  get cache(): Cache {
    return this.worker.current as Cache;
  }

  query(url: string, request: Partial<CacheRequest> = {}): CacheQuery {
    const [, scheme, host, target] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) as string[];
    const asked = cacheRequest({ target: target as string, ...request });
    return new CacheQuery(asked, scheme as 'http', host as string, this.rules, undefined);
  }

  begin(url: string, response: Fields = FRESH, request: Fields = [], status = 200, length: number | 'unknown' = 4) {
    const query = this.query(url, { fields: request });
    const context = this.cache.storeContext(query, 'GET', Date.now(), false);
    const known = length === 'unknown' ? undefined : length;
    const writer = this.cache.store(query, { status, fields: response }, context, this.cache.nextSequence(), known);
    if (typeof writer === 'string') throw new Error(writer);
    return writer;
  }

  store(url = URL, response: Fields = FRESH, request: Fields = [], status = 200): void {
    whole(this.begin(url, response, request, status));
  }

  purge(order: PurgeOrder, soft = false): void {
    this.shared.purge([order], soft);
  }

  /** Whether there is something, for a question with these fields or a blind one. */
  has(url = URL, fields?: Fields, freshFor = FOR_30_S): boolean {
    const [, scheme, host, target] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) as string[];
    const question = { scheme: scheme as 'http', host: host as string, target: target as string, fields };
    return this.inquiry.ask(question, freshFor) !== undefined;
  }

  /** Blind, and with fields. */
  both(url = URL): [boolean, boolean] {
    return [this.has(url), this.has(url, [])];
  }

  async onDisk(objects: number): Promise<void> {
    await expect.poll(() => this.memory.stats().onDisk).toBe(objects);
  }

  get memory(): CacheMemory {
    return new CacheMemory(this.shared.share.memory, 1);
  }

  /** Neither of its threads holds on to anything. */
  get pins(): number {
    return this.memory.holdings().pinned;
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.shared.close();
  }
}

export function whole(writer: ObjectWriter): void {
  writer.append(Buffer.from('body'));
  writer.complete();
}
