import type { Ms } from '../../base/units.ts';
import type { Advertisement } from './advertisement.ts';
import { type HmacKey, isSignedWith, LONGEST_SECRET, readTrailer, SHORTEST_SECRET } from './hmac.ts';
import { type AntiReplay, ReceivedSequences } from './hmac-sequence.ts';

/**
 * How far a pair has come with signing. A trailer that is there has to be right in every mode.
 *
 *     receive-only    we do not sign; what is not signed is taken     1. keys everywhere
 *     permissive      we sign; what is not signed is taken            2. all sign
 *     enforce         we sign; what is not signed is dropped          3. nobody else is believed
 */
export type HmacMode = 'enforce' | 'permissive' | 'receive-only';

/** Why an advertisement is not believed. Each is a drop that is counted: the names stay as they are. */
export const HMAC_REASONS = [
  /** It is not signed, and has to be. */
  'hmac-missing',
  /** What follows the message is no trailer of ours. */
  'hmac-malformed',
  /** Our clocks differ by more than the window, or it is an old one. */
  'hmac-stale',
  /** Of a key that we have not. */
  'hmac-key',
  /** Not made with the key that it names. */
  'hmac',
  /** Heard before, or older than one that was. */
  'hmac-replay',
] as const;

export type HmacReason = (typeof HMAC_REASONS)[number];

export interface HmacSettings {
  readonly mode: HmacMode;
  readonly keys: readonly HmacKey[];
  readonly antiReplay: AntiReplay;
  /** How many senders are remembered: as many as there are unicast peers; 4 for a group. */
  readonly senders?: number;
}

/** Whether signatures of one virtual router's advertisements are right. */
export class HmacVerifier {
  readonly #mode: HmacMode;
  readonly #keys: ReadonlyMap<number, HmacKey>;
  readonly #received: ReceivedSequences;

  /** Throws a `RangeError` on keys that nobody can have: settings are checked before they come here. */
  constructor({ mode, keys, antiReplay, senders }: HmacSettings) {
    for (const { id, secret } of keys) {
      if (!Number.isInteger(id) || id < 0 || id > 255) throw new RangeError(`no id of a key: ${id}`);
      if (secret.length < SHORTEST_SECRET || secret.length > LONGEST_SECRET) {
        throw new RangeError(`a key of ${secret.length} bytes`);
      }
    }
    this.#mode = mode;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#received = new ReceivedSequences(antiReplay, senders);
  }

  /** `undefined`: it is believed. To be asked last, as it remembers what it took. `now`: by the wall clock. */
  refuses({ signed, excess, source }: Advertisement, now: Ms): HmacReason | undefined {
    if (excess === 0) return this.#mode === 'enforce' ? 'hmac-missing' : undefined;
    const trailer = signed === undefined ? undefined : readTrailer(signed);
    if (signed === undefined || trailer === undefined) return 'hmac-malformed';
    if (this.#received.isStale(trailer.sequence, now)) return 'hmac-stale';
    const key = this.#keys.get(trailer.keyId);
    if (key === undefined) return 'hmac-key';
    if (!isSignedWith(key, signed, source)) return 'hmac';
    return this.#received.take(source, trailer.sequence, now) ? undefined : 'hmac-replay';
  }
}
