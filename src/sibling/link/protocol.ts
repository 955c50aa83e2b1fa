import type { HotKey } from '../../cache/hottest.ts';
import type { PurgeOrder } from '../../cache/purge/order.ts';
import { decodeOrders } from './orders.ts';
import type { MissedWhy, Since } from './purge-log.ts';

/**
 * What Portico nodes say to each other, by TCP on the address and port of `siblings.icp`. Each node connects to each of
 * its peers, from its own `icp` address, and subscribes to what that one purges; so between two nodes there are two
 * connections, and each of them is about the purges of the node that listens.
 *
 *     connects                                                                     listens
 *        │ hello      protocol, node, icp, instance, nonce                          ▸ │   an address of `peers`?
 *        │ ◂                     the same of its own, and its proof of the secret     │
 *        │ subscribe  its own proof; from where on it lacks the other's purges      ▸ │
 *        │ ◂ begin    from which number on it is told, up to which one there are; or  │
 *        │            that some cannot be told any more: everything is to be purged   │
 *        │ ◂ purge    number, checksum, how, what for; and each new one at once       │
 *        │ applied    up to which number no thread serves any more what was purged  ▸ │
 *        │ ◂ beat     each second, both ways: silence of three seconds is the end ▸   │
 *        │ hottest    how many of the keys that are most asked for; more            ▸ │
 *        │ ◂ keys     some of them                                                    │
 *
 * A message is a line of JSON, of 1 MiB at most, and of 4 KiB before both know who the other is. A proof is the
 * HMAC-SHA256, by the secret, of all that both have said of themselves, nonces included, and of who connects (`proof.ts`).
 * Without a secret it is absent, and the address is all there is. It is about who connects: whoever can write into
 * somebody else's connection between them can say what he likes.
 *
 * Whoever says anything else is not a Portico node, or not one that is understood: the connection is closed.
 */

/** Another one for what the other side would not understand. */
export const PROTOCOL = 1;

export const LINE_MAX = 1024 * 1024;
export const GREETING_MAX = 4096;

/** Keys that are told at once. */
export const KEYS_MAX = 50;
/** A URL and the fields of a key together; as JSON it may take twice as much. */
const KEY_TEXT_MAX = 8 * 1024;

/** What a node says of itself. */
export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  /** `node.name`. */
  readonly node: string;
  /** ADDRESS:PORT where it listens itself: tells apart peers that share an address. */
  readonly icp: string;
  /** Of its purge log. */
  readonly instance: string;
  /** 32 hexadecimal digits, others each time. */
  readonly nonce: string;
  /** Of who listens alone: he knows both nonces by then. */
  readonly proof: string | undefined;
}

export type Message =
  | Hello
  | { readonly type: 'subscribe'; readonly proof: string | undefined; readonly since: Since }
  | {
      readonly type: 'begin';
      readonly number: number;
      readonly check: number;
      readonly head: number;
      readonly missed: MissedWhy | undefined;
    }
  | {
      readonly type: 'purge';
      readonly number: number;
      readonly check: number;
      readonly soft: boolean;
      readonly orders: readonly PurgeOrder[];
    }
  | { readonly type: 'applied'; readonly number: number }
  /** `head`: of who listens, the number of his last purge. */
  | { readonly type: 'beat'; readonly head: number | undefined }
  | { readonly type: 'hottest'; readonly count: number }
  | { readonly type: 'more' }
  | { readonly type: 'keys'; readonly keys: readonly HotKey[]; readonly more: boolean };

type Said = Readonly<Record<string, unknown>>;

/** Reads a line without its end. `undefined`: it is no message. */
export function parseMessage(line: string): Message | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  return typeof said === 'object' && said !== null && !Array.isArray(said) ? messageOf(said as Said) : undefined;
}

function messageOf(said: Said): Message | undefined {
  switch (said.type) {
    case 'hello':
      return helloOf(said);
    case 'subscribe': {
      const since = sinceOf(said);
      return since && isProof(said.proof) ? { type: 'subscribe', proof: said.proof, since } : undefined;
    }
    case 'begin': {
      const { number, check, head, missed } = said;
      if (!isCount(number) || !isCheck(check) || !isCount(head) || !isMissed(missed)) return undefined;
      return { type: 'begin', number, check, head, missed };
    }
    case 'purge': {
      const { number, check, soft } = said;
      const orders = decodeOrders(said.orders);
      if (!isCount(number) || !isCheck(check) || typeof soft !== 'boolean' || orders === undefined) return undefined;
      return { type: 'purge', number, check, soft, orders };
    }
    case 'applied':
      return isCount(said.number) ? { type: 'applied', number: said.number } : undefined;
    case 'beat':
      return said.head === undefined || isCount(said.head) ? { type: 'beat', head: said.head } : undefined;
    case 'hottest':
      return isCount(said.count) ? { type: 'hottest', count: said.count } : undefined;
    case 'more':
      return { type: 'more' };
    case 'keys':
      return keysOf(said);
    default:
      return undefined;
  }
}

function helloOf({ protocol, node, icp, instance, nonce, proof }: Said): Hello | undefined {
  if (!isCount(protocol) || !isText(node, 255) || !isText(icp, 128)) return undefined;
  if (!isHex(instance, 32) || !isHex(nonce, 32) || !isProof(proof)) return undefined;
  return { type: 'hello', protocol, node, icp, instance, nonce, proof };
}

function sinceOf({ instance, number, check, ago }: Said): Since | undefined {
  if (typeof ago === 'number' && ago >= 0) return { ago };
  return isHex(instance, 32) && isCount(number) && isCheck(check) ? { instance, number, check } : undefined;
}

function keysOf({ keys, more }: Said): Message | undefined {
  if (!Array.isArray(keys) || keys.length > KEYS_MAX || typeof more !== 'boolean') return undefined;
  return keys.every(isKey) ? { type: 'keys', keys, more } : undefined;
}

/** One that can be asked for: nothing in it can end a line of a request. */
export function isKey(value: unknown): value is HotKey {
  if (typeof value !== 'object' || value === null) return false;
  const { url, fields, bytes } = value as Said;
  if (typeof url !== 'string' || !Array.isArray(fields) || !isCount(bytes)) return false;
  if (!/^https?:\/\/[^/?#\s]+\/[\x21-\x7e\x80-\xff]*$/.test(url) || fields.length % 2 !== 0) return false;
  const isGood = (text: unknown, index: number) =>
    typeof text === 'string' &&
    (index % 2 === 0 ? /^[!#$%&'*+.^_`|~0-9a-z-]+$/ : /^[\t\x20-\x7e\x80-\xff]*$/).test(text);
  if (!fields.every(isGood)) return false;
  return fields.reduce((sum, text: string) => sum + text.length, url.length) <= KEY_TEXT_MAX;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** 32 bits. */
function isCheck(value: unknown): value is number {
  return isCount(value) && value < 2 ** 32;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= most && /^[\x20-\x7e]*$/.test(value);
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
}

function isProof(value: unknown): value is string | undefined {
  return value === undefined || isHex(value, 64);
}

function isMissed(value: unknown): value is MissedWhy | undefined {
  return value === undefined || value === 'instance' || value === 'folded' || value === 'lost';
}
