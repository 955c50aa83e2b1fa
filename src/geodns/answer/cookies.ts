import { CLIENT_COOKIE } from '../wire/edns.ts';
import { COOKIE_LENGTH } from '../wire/edns-reply.ts';
import { putU32 } from '../wire/message.ts';
import { SipHash } from './sip-hash.ts';

/** Seconds of RFC 9018 §4.3: how old a cookie may be, how far ahead its maker's clock, and from when on it is renewed. */
const MOST_AGE = 3600;
const MOST_AHEAD = 300;
const RENEWED_AFTER = 1800;

const VERSION = 1;

/** Secrets of 16 bytes, the same on all nodes of a site: then a client may go from one to another. */
export interface CookieSecrets {
  /** What cookies are made with. */
  readonly current: Uint8Array;
  /**
   * Whose cookies are taken, too. To change the secret without refusing a client, give the new one to all nodes as `other`,
   * then swap them on each, and take the old one away an hour after the last (RFC 9018 §5).
   */
  readonly other?: Uint8Array;
}

/**
 * Server cookies of RFC 9018: only who can receive packets at an address can have one that is valid for it.
 *
 *      +----------------+---------+----------+-----------+----------------+
 *      | client cookie  | version | reserved | timestamp | hash           |
 *      +----------------+---------+----------+-----------+----------------+
 *      0                8         9          12          16               24
 *
 * The hash is SipHash-2-4 of all before it and of the client's address.
 */
export class Cookies {
  /** For the reply to the query that was checked last. */
  readonly reply = new Uint8Array(COOKIE_LENGTH);

  readonly #current: SipHash;
  readonly #other: SipHash | undefined;
  /** What is hashed: the first 16 bytes of a cookie, and the address. */
  readonly #input = new Uint8Array(32);
  readonly #hash = new Uint8Array(8);

  constructor({ current, other }: CookieSecrets) {
    this.#current = new SipHash(current);
    this.#other = other === undefined ? undefined : new SipHash(other);
  }

  /**
   * Whether the cookie of a query has a server's part that is valid, for the `size` bytes of the client's address and `now`
   * in seconds since 1970. Whether or not, `reply` has one that is.
   */
  check(
    cookie: Uint8Array,
    at: number,
    length: number,
    address: Uint8Array,
    addressAt: number,
    size: number,
    now: number,
  ): boolean {
    const input = this.#input;
    for (let i = 0; i < size; i++) input[16 + i] = address[addressAt + i] as number;
    if (length === COOKIE_LENGTH && cookie[at + CLIENT_COOKIE] === VERSION) {
      for (let i = 0; i < 16; i++) input[i] = cookie[at + i] as number;
      // The difference is of numbers that go round after 2106 (RFC 1982).
      const age = (now - timestampOf(input)) | 0;
      if (age >= -MOST_AHEAD && age <= MOST_AGE) {
        if (this.#isMadeWith(this.#current, size, cookie, at)) {
          if (age <= RENEWED_AFTER) for (let i = 0; i < COOKIE_LENGTH; i++) this.reply[i] = cookie[at + i] as number;
          else this.#renew(cookie, at, size, now);
          return true;
        }
        if (this.#other !== undefined && this.#isMadeWith(this.#other, size, cookie, at)) {
          this.#renew(cookie, at, size, now);
          return true;
        }
      }
    }
    this.#renew(cookie, at, size, now);
    return false;
  }

  #isMadeWith(secret: SipHash, size: number, cookie: Uint8Array, at: number): boolean {
    secret.hash(this.#input, 16 + size, this.#hash, 0);
    // Not the first difference ends it, so that the time it takes says nothing of where that is.
    let difference = 0;
    for (let i = 0; i < 8; i++) difference |= (this.#hash[i] as number) ^ (cookie[at + 16 + i] as number);
    return difference === 0;
  }

  /** Of the address in the input. */
  #renew(cookie: Uint8Array, at: number, size: number, now: number): void {
    const input = this.#input;
    for (let i = 0; i < CLIENT_COOKIE; i++) input[i] = cookie[at + i] as number;
    putU32(input, 8, VERSION << 24);
    putU32(input, 12, now);
    for (let i = 0; i < 16; i++) this.reply[i] = input[i] as number;
    this.#current.hash(input, 16 + size, this.reply, 16);
  }
}

function timestampOf(cookie: Uint8Array): number {
  return (
    ((cookie[12] as number) << 24) |
    ((cookie[13] as number) << 16) |
    ((cookie[14] as number) << 8) |
    (cookie[15] as number)
  );
}
