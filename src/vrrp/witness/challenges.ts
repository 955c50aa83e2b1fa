import { createHmac } from 'node:crypto';
import type { Run } from './message.ts';

/**
 * Tells new requests from those that somebody has recorded. A `release` that is played back would free a vote that its holder
 * counts on, and then there were two.
 *
 *     who asks                                  voter
 *        │ ── ask, number 1, challenge 0 ──────▸ │   does not know that run
 *        │ ◂────────────── challenge, c ──────── │   and remembers nothing of it
 *        │ ── ask, number 2, challenge c ──────▸ │   who can repeat c has the key, and is there now: it is known
 *        │ ◂─────────────────────── granted ──── │
 *        │ ── ask, number 3, challenge c ──────▸ │   a number that is not greater than the last one is a replay
 *
 * What a run is challenged with follows from a secret of the voter's start and from how many were forgotten since: whoever is
 * forgotten for others is challenged with something else, and its old requests are worth nothing.
 */
export class Challenges {
  readonly #secret: Uint8Array;
  readonly #capacity: number;
  /** The longest silent first. */
  readonly #known = new Map<string, { readonly challenge: bigint; readonly number: bigint }>();
  #forgotten = 0;

  /** `secret`: random, of this start alone. */
  constructor(secret: Uint8Array, capacity = 4096) {
    this.#secret = secret;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#known.size;
  }

  /** What its requests have to repeat. */
  of(subject: string, run: Run): bigint {
    const name = `${run}/${subject}`;
    return this.#known.get(name)?.challenge ?? this.#fresh(name);
  }

  /** To be asked once for each request: it remembers the number. */
  take(subject: string, run: Run, challenge: bigint, number: bigint): 'new' | 'replay' | 'challenge' {
    const name = `${run}/${subject}`;
    const known = this.#known.get(name);
    if (challenge !== (known?.challenge ?? this.#fresh(name))) return 'challenge';
    if (known !== undefined && number <= known.number) return 'replay';
    this.#known.delete(name);
    this.#makeRoom();
    this.#known.set(name, { challenge, number });
    return 'new';
  }

  #makeRoom(): void {
    if (this.#known.size < this.#capacity) return;
    const [silent] = this.#known.keys();
    if (silent !== undefined) this.#known.delete(silent);
    this.#forgotten++;
  }

  /** Never 0, which is what one says who has not been told yet. */
  #fresh(name: string): bigint {
    const hmac = createHmac('sha256', this.#secret).update(`${this.#forgotten}/${name}`).digest();
    return hmac.readBigUInt64BE() | 1n;
  }
}
