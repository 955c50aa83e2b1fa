import type { GeoRecord, Ttl } from '../model.ts';
import type { RateKind } from './rate-limiter.ts';

/**
 * A reply but for its header, its question and OPT: to any query of one name and type it is the same bytes, as pointers
 * lead to the question, or to what follows it at a distance that is always the same.
 */
export interface CompiledReply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly bytes: Uint8Array;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  readonly rateKind: RateKind;
  /** Hash of the name, or zone, that it counts for. */
  readonly rateName: number;
  /** Position of the zone, or `NONE`. */
  readonly zone: number;
}

/** What is known of a name and type. */
export interface KnownAnswer {
  /** In lower case, in wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly reply: CompiledReply | GeoReplies;
}

/** Replies of a geographic record: one for each choice of datacenters that there has been. */
export class GeoReplies {
  readonly record: GeoRecord;
  #ttl: Ttl;
  readonly #ofOne: (CompiledReply | undefined)[] = [];
  readonly #ofSeveral = new Map<number, CompiledReply>();

  constructor(record: GeoRecord) {
    this.record = record;
    this.#ttl = record.ttl;
  }

  get(datacenters: readonly number[]): CompiledReply | undefined {
    if (this.record.ttl !== this.#ttl) this.#clear();
    return datacenters.length === 1 ? this.#ofOne[datacenters[0] as number] : this.#ofSeveral.get(keyOf(datacenters));
  }

  /** Whether it could be kept. */
  add(datacenters: readonly number[], reply: CompiledReply): boolean {
    if (datacenters.length === 1) {
      this.#ofOne[datacenters[0] as number] = reply;
      return true;
    }
    const key = keyOf(datacenters);
    if (key !== NO_KEY) this.#ofSeveral.set(key, reply);
    return key !== NO_KEY;
  }

  /** The TTL is lowered while a change is on its way. */
  #clear(): void {
    this.#ttl = this.record.ttl;
    this.#ofOne.length = 0;
    this.#ofSeveral.clear();
  }
}

const NO_KEY = -1;

/** Positions as the digits of a number: up to 8 below 63 fit exactly. More are made anew each time. */
function keyOf(datacenters: readonly number[]): number {
  if (datacenters.length > 8) return NO_KEY;
  let key = 0;
  for (let i = 0; i < datacenters.length; i++) {
    const position = datacenters[i] as number;
    if (position >= 63) return NO_KEY;
    key = key * 64 + position + 1;
  }
  return key;
}
