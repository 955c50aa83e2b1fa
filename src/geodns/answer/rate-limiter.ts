import type { Ms } from '../../base/units.ts';
import { Nets } from './nets.ts';

/** What replies are counted together, if the client's net is the same. */
export const RATE = {
  /** Of one name, or one wildcard. */
  ANSWER: 0,
  /** Of one name, or one wildcard. */
  NODATA: 1,
  /** To one zone. */
  REFERRAL: 2,
  /** Of one zone. */
  NXDOMAIN: 3,
  /** All. */
  ERROR: 4,
} as const;

export type RateKind = (typeof RATE)[keyof typeof RATE];

/** How many replies a client's net gets: response rate limiting as BIND, NSD and Knot have it. */
export interface RateLimits {
  /** A second, of each name; 0: any number. */
  readonly responses: number;
  /** A second, of each zone; 0: any number. */
  readonly nxdomains: number;
  /** A second; 0: any number. */
  readonly errors: number;
  /** Seconds: who asks too often for long gets nothing until he has been quiet for so long. 1 to 3600. */
  readonly window: number;
  /** Every so many-th reply that is held back is sent, but truncated: a real client can ask again over TCP. 0: none. */
  readonly slip: number;
  /** Prefix lengths of the nets, 0 to 32 and 0 to 128. */
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
  /** Networks that are never limited. */
  readonly exempt: readonly string[];
  /** How many flows are told apart, 17 bytes each; rounded up to a power of two. */
  readonly flows: number;
}

export const RATE_LIMITS: RateLimits = {
  responses: 0,
  nxdomains: 0,
  errors: 0,
  window: 15,
  slip: 2,
  ipv4Prefix: 24,
  ipv6Prefix: 56,
  exempt: [],
  flows: 65_536,
};

export type RateVerdict = 'pass' | 'slip' | 'drop';

/** A flow is looked for in so many places, and takes that of the one that has been quiet for longest. */
const WAYS = 4;

/**
 * Limits replies, so that nobody uses us to flood others (a query's source address may be forged).
 *
 * A flow, that is a net and a kind of reply, has a balance: a reply takes 1, a second gives as many as are allowed, up to
 * the allowance of one second. Below zero replies are held back, and as they count on, down to a window's allowance, a
 * flood is held back for as long as it lasts. Flows are kept by hash in memory of a fixed size; two that have the same are
 * one, which a seed keeps from being arranged.
 */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #perSecond: readonly number[];
  readonly #exempt: Nets;
  readonly #seed: number;
  readonly #mask: number;

  readonly #hashes: Int32Array;
  readonly #balances: Float32Array;
  /** When a balance was right. */
  readonly #times: Float64Array;
  /** How many were held back since the last slip. */
  readonly #heldBack: Uint8Array;

  constructor(limits: RateLimits, seed: number) {
    const flows = 2 ** Math.ceil(Math.log2(Math.max(limits.flows, WAYS)));
    this.#limits = limits;
    const { responses, nxdomains, errors } = limits;
    this.#perSecond = [responses, responses, responses, nxdomains, errors]; // by RATE
    this.#exempt = new Nets(limits.exempt);
    this.#seed = seed;
    this.#mask = flows - 1;
    this.#hashes = new Int32Array(flows);
    this.#balances = new Float32Array(flows);
    this.#times = new Float64Array(flows).fill(Number.NEGATIVE_INFINITY);
    this.#heldBack = new Uint8Array(flows);
  }

  /** For a reply to the `size` bytes of an address, of a name or zone with this hash, which is 0 for errors. */
  check(kind: RateKind, name: number, address: Uint8Array, at: number, size: number, now: Ms): RateVerdict {
    const perSecond = this.#perSecond[kind] as number;
    if (perSecond === 0) return 'pass';

    const flow = this.#flow(this.#hash(kind, name, address, at, size), perSecond, now);
    const passed = Math.max(0, now - (this.#times[flow] as number)) / 1000;
    const balance = Math.min(perSecond, (this.#balances[flow] as number) + passed * perSecond) - 1;
    this.#times[flow] = now;
    this.#balances[flow] = Math.max(balance, -this.#limits.window * perSecond);
    if (balance >= 0 || this.#exempt.has(address, at, size)) return 'pass';

    const { slip } = this.#limits;
    const heldBack = (this.#heldBack[flow] as number) + 1;
    const isSlip = slip > 0 && heldBack >= slip;
    this.#heldBack[flow] = isSlip ? 0 : Math.min(heldBack, 255);
    return isSlip ? 'slip' : 'drop';
  }

  /** Its place, be it a new one. */
  #flow(hash: number, perSecond: number, now: Ms): number {
    const first = hash & this.#mask & -WAYS;
    let quietest = first;
    for (let flow = first; flow < first + WAYS; flow++) {
      if (this.#hashes[flow] === hash) return flow;
      if ((this.#times[flow] as number) < (this.#times[quietest] as number)) quietest = flow;
    }
    this.#hashes[quietest] = hash;
    this.#balances[quietest] = perSecond;
    this.#times[quietest] = now;
    this.#heldBack[quietest] = 0;
    return quietest;
  }

  #hash(kind: RateKind, name: number, address: Uint8Array, at: number, size: number): number {
    const prefix = size === 4 ? this.#limits.ipv4Prefix : this.#limits.ipv6Prefix;
    const whole = prefix >>> 3;
    let hash = Math.imul(this.#seed ^ name, 0x85ebca6b) ^ ((size << 3) | kind);
    for (let i = 0; i < whole; i++) hash = mixed(hash, address[at + i] as number);
    const rest = prefix & 7;
    if (rest !== 0) hash = mixed(hash, (address[at + whole] as number) >>> (8 - rest));
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

function mixed(hash: number, byte: number): number {
  const product = Math.imul(hash ^ byte, 0x01000193);
  return product ^ (product >>> 15);
}
