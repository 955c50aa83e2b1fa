import { randomFrom } from '../../../bench/eviction/random.ts';
import {
  type Ask,
  bodyOf,
  cacheControlOf,
  etagOf,
  hasValidatorAt,
  type Language,
  type Purge,
  type Reply,
  type Resource,
  variesAt,
} from '../../cache/model.ts';
import type { CacheUnderTest } from '../../cache/play.ts';
import { Rig, type RigOptions } from './rig.ts';
import type { ScriptedCall } from './scripted-origin.ts';

export interface Surroundings extends Omit<RigOptions, 'answer'> {
  /** Share of the requests before which something large that nobody asks for again is fetched, so that others are evicted. */
  readonly ballast?: number;
}

/** Portico's cache as the model is compared with it. Requests go to any of its seats, at random but the same for each play. */
export class PorticoUnderTest implements CacheUnderTest {
  readonly #resources = new Map<string, Resource>();
  readonly #random = randomFrom(1);
  readonly #ballast: number;
  #rig!: Rig;
  #reachable = true;
  #forwarded = 0;
  #fetched = 0;

  static async open(surroundings: Surroundings = {}): Promise<PorticoUnderTest> {
    const cache = new PorticoUnderTest(surroundings.ballast ?? 0);
    cache.#rig = await Rig.open({ ...surroundings, answer: (call) => void cache.#answer(call) });
    return cache;
  }

  private constructor(ballast: number) {
    this.#ballast = ballast;
  }

  async request(ask: Ask): Promise<Reply> {
    if (this.#random() < this.#ballast) await this.#fetchBallast();
    const { method, path: target, language } = ask;
    const fields = language === undefined ? [] : ['Accept-Language', language];
    this.#forwarded = 0;
    const { exchange, isOurs } = await this.#ask({ method, target, fields });
    if (exchange.outcome !== 'whole') throw new Error(`a reply that is ${exchange.outcome}`);
    const age = exchange.field('age');
    return {
      status: isOurs ? 'unreachable' : exchange.status,
      body: exchange.content.toString(),
      age: age === undefined ? 0 : Number(age),
      forwarded: this.#forwarded,
    };
  }

  async purge(purge: Purge): Promise<void> {
    this.#rig.purge(this.#anySeat(), purge);
  }

  advance(seconds: number): void {
    this.#rig.now += 1000 * seconds;
  }

  change(path: string, resource: Resource): void {
    this.#resources.set(path, resource);
  }

  reach(reachable: boolean): void {
    this.#reachable = reachable;
  }

  async close(): Promise<void> {
    try {
      await this.#rig.check();
    } finally {
      await this.#rig.close();
    }
  }

  async #ask(asked: Parameters<Rig['ask']>[1]): Promise<ReturnType<Rig['ask']>> {
    const asking = this.#rig.ask(this.#anySeat(), asked);
    await this.#rig.over(asking);
    await this.#rig.settle();
    return asking;
  }

  async #fetchBallast(): Promise<void> {
    this.#fetched += 1;
    await this.#ask({ method: 'GET', target: `/ballast/${this.#fetched}` });
  }

  #anySeat(): number {
    return Math.floor(this.#random() * this.#rig.seats.length);
  }

  async #answer(call: ScriptedCall): Promise<void> {
    const { method, target: path } = call.request;
    if (path.startsWith('/ballast/')) return answerBallast(call, this.#rig.now);
    const resource = this.#resources.get(path);
    if (!this.#reachable || resource === undefined) {
      call.refuse();
      return;
    }
    this.#forwarded += 1;
    call.sent();
    const date = new Date(this.#rig.now).toUTCString();
    if (method === 'POST') {
      await answer(call, 200, { date, 'content-length': '6' }, 'posted');
      return;
    }
    const language = call.field('accept-language') as Language | undefined;
    const etag = etagOf(path, resource, language);
    const fields: Record<string, string> = {
      date,
      'cache-control': cacheControlOf(resource),
      'surrogate-key': resource.tag,
    };
    if (hasValidatorAt(path)) fields.etag = etag;
    if (variesAt(path)) fields.vary = 'Accept-Language';
    const isKnown = call.field('if-none-match')?.split(', ').includes(etag) === true;
    if (hasValidatorAt(path) && isKnown) {
      await answer(call, 304, fields, '');
      return;
    }
    const body = bodyOf(path, resource, language);
    fields['content-length'] = String(Buffer.byteLength(body));
    await answer(call, resource.status, fields, method === 'HEAD' ? '' : body);
  }
}

async function answer(call: ScriptedCall, status: number, fields: Record<string, string>, body: string): Promise<void> {
  call.head(status, fields);
  const half = body.length >> 1;
  for (const piece of [body.slice(0, half), body.slice(half)]) {
    await call.ready();
    if (piece !== '') call.body(Buffer.from(piece));
  }
  await call.ready();
  call.end();
}

const BALLAST = Buffer.alloc(40_000, 'ballast ');

async function answerBallast(call: ScriptedCall, now: number): Promise<void> {
  call.sent();
  const date = new Date(now).toUTCString();
  call.head(200, { date, 'cache-control': 'max-age=1000', 'content-length': String(BALLAST.length) });
  await call.ready();
  call.body(BALLAST);
  await call.ready();
  call.end();
}
