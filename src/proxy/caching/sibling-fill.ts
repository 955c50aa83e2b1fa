import type { Bytes } from '../../base/units.ts';
import type { Cache } from '../../cache/cache.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { Client } from '../client.ts';
import type { Endpoints, Fields, RequestHead } from '../exchange.ts';
import type { FetchOrder } from '../fetch-order.ts';
import type { Generation, Route } from '../generation.ts';
import { hostOf, readRequest1 } from '../request-head.ts';
import { fetchFields } from './conditions.ts';
import { Fill } from './fill.ts';
import type { FillClient } from './fill-client.ts';
import { queryOf } from './query-of.ts';

/** A response that a sibling has, by what selects it there. */
export interface Wanted {
  /** `scheme://host[:port]/path?query`. */
  readonly url: string;
  readonly fields: Fields;
}

/** More than any request that a client could have made. */
const LIMITS = { uri: 65_536, fields: 100 };

/** It comes from nobody, and to no listener. */
const NO_ENDPOINTS: Endpoints = { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0 };

/**
 * Fetches from the sibling of this row what nobody has asked for yet, and stores it. Resolves, when that has begun, with
 * the bytes of its body; `undefined`: it is not stored. Origins are not asked.
 */
export function fillFromSibling(
  generation: Generation,
  cache: Cache,
  slot: number,
  wanted: Wanted,
): Promise<Bytes | undefined> {
  const head = headOf(wanted);
  const route = head && generation.router.route(hostOf(head.authority), head.target);
  if (head === undefined || route?.cache.enabled !== true) return Promise.resolve(undefined);
  const client: Client = {
    address: '',
    proto: head.scheme,
    host: head.authority,
    through: [],
    peerTrusted: false,
  };
  const query = queryOf({ head, endpoints: NO_ENDPOINTS }, client, route);
  const found = cache.find(query);
  if (found.kind !== 'none') return Promise.resolve(undefined);
  const joined = cache.join(query, found.variant ?? '');
  const flight = joined?.leads === true ? joined : undefined;
  // Another variant may be on its way, as nothing is known of variants before the first is there: it is not waited for.
  if (flight === undefined) joined?.leave();
  const order = orderOf(generation, route, head, client, fetchFields(query, undefined, cache.now()));
  const parts = { cache, query, order, candidate: undefined, asksSiblings: true, onlySibling: slot, flight };
  return new Promise((resolve) => {
    const filled = new Filled(cache, resolve);
    filled.fill = new Fill({ ...parts, hold: generation, mayStore: true }, filled);
    filled.fill.start();
  });
}

function headOf({ url, fields }: Wanted): RequestHead | undefined {
  const [, scheme, authority = '', target = ''] = /^(https?):\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  const raw = { method: 'GET', target, version: '1.1', fields: ['host', authority, ...fields] };
  const read = readRequest1(raw, scheme, LIMITS);
  return read.ok ? read.head : undefined;
}

function orderOf(
  { plan, siblings, traffic }: Generation,
  { pool, patience, bodyLimit }: Route,
  head: RequestHead,
  client: Client,
  fields: Fields,
): FetchOrder {
  // Nobody has asked for it: all that is told is that we have.
  const lines = `cdn-loop: ${plan.node.name}\r\n`;
  return { head, fields, body: undefined, pool, client, lines, patience, bodyLimit, traffic, siblings };
}

/** Stands where a client would: it wants to know whether it is stored, and nothing of it. */
class Filled implements FillClient {
  readonly #cache: Cache;
  readonly #tell: (bytes: Bytes | undefined) => void;
  fill: Fill | undefined;

  constructor(cache: Cache, tell: (bytes: Bytes | undefined) => void) {
    this.#cache = cache;
    this.#tell = tell;
  }

  stored(object: CachedObject): void {
    this.#cache.discard(object);
    this.#tell(object.length ?? 0);
    this.fill?.detach();
  }

  freshened(object: CachedObject): void {
    this.stored(object);
  }

  passing(): void {
    this.#tell(undefined);
    this.fill?.leave();
  }

  piece(): boolean {
    return true;
  }

  interim(): void {}

  askAgain(): void {
    this.#tell(undefined);
  }

  insteadOfError(): void {
    this.#tell(undefined);
  }

  whole(): void {}

  cutOff(): void {}

  broken(): void {}

  failed(): void {
    this.#tell(undefined);
  }
}
