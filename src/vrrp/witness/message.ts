import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Bytes, Ms } from '../../base/units.ts';
import type { Cause, Family, Grade, Priority, Vrid } from '../model.ts';

/**
 * What candidates and voters say to each other by UDP: requests, and a reply to each. Numbers are in network order. Both have
 * the same shape; what does not belong to a kind is 0.
 *
 *      0        1        2        3        4        5        6        7
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *    0 | 'P'    | 'W'    | 1      | kind   | 4 or 6 | VRID   | cause  | grade  |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *    8 | run: of who asks, a random number for each start of its process       |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   16 | number of the request: each is greater than all before in that run    |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   24 | challenge: of the voter; in a request the one that it gave last, or 0 |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   32 | run of the voter; 0 in a request                                      |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   40 | span, µs                          | priority | holder | 0             |   holder: 0 nobody, 1 who asks, 2 another
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   48 | digest of the sender's settings                                       |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   56 | lengths of the four texts         |   UTF-8, at most 63 bytes each:
 *      +--------+--------+--------+--------+   the pair's name, the sender's name, its version, the holder's name
 *   60 | texts                             |
 *      +--------+--------+--------+--------+
 *      | HMAC-SHA256 of all before, 32     |
 *      +--------+--------+--------+--------+
 *
 * A reply repeats run and number of its request, so an old one is of no use to anybody; how old requests are told from
 * new ones is in challenges.ts. Nothing of it needs clocks that agree.
 */

/** What a vote is for: one virtual router of one pair. */
export interface Subject {
  /** The same on both nodes, and no other pair's of the same witness. */
  readonly pair: string;
  readonly family: Family;
  readonly vrid: Vrid;
}

/** 64 bits. Two processes are told apart by it, whatever their names are. Never 0. */
export type Run = bigint;

/** What a node says of itself. */
export interface NodeStanding {
  readonly priority: Priority;
  readonly grade: Grade;
  /** 64 bits of a hash of what should be alike on both nodes. */
  readonly digest: bigint;
  readonly version: string;
}

/**
 *     ask       lend or renew your vote, for `span` from when you hear this
 *     release   it is not wanted any longer
 *     hello     nothing but the reply, which tells a challenge, who holds the vote, and how a peer stands
 */
export type RequestKind = 'ask' | 'release' | 'hello';

export interface Request {
  readonly kind: RequestKind;
  readonly subject: Subject;
  readonly run: Run;
  readonly number: bigint;
  readonly challenge: bigint;
  readonly name: string;
  readonly standing: NodeStanding;
  /** Of `ask`: why it is wanted. */
  readonly cause: Cause;
  /** Of `ask`. */
  readonly span: Ms;
}

/**
 *     granted    for `span` from when it was granted; never longer than was asked for
 *     denied     it is lent to another, for `span` more
 *     quiet      the voter may have lent it before its own start: for `span` more it lends nothing
 *     full       the voter has lent as many as it can
 *     released   it is not with who asks, or not any longer
 *     told       to `hello`
 *     challenge  nothing was done: the request did not have the challenge that this reply has
 */
export type ReplyKind = 'granted' | 'denied' | 'quiet' | 'full' | 'released' | 'told' | 'challenge';

export interface Reply {
  readonly kind: ReplyKind;
  readonly subject: Subject;
  readonly run: Run;
  readonly number: bigint;
  readonly challenge: bigint;
  readonly voter: Run;
  readonly name: string;
  /** Of a peer; a witness has none. */
  readonly standing: NodeStanding | undefined;
  readonly holder: { readonly name: string; readonly isWhoAsks: boolean } | undefined;
  readonly span: Ms;
}

export type Message = Request | Reply;

/** Why bytes are no message. Each is a drop that is counted: the names stay as they are. */
export const UNREADABLE = [
  /** Shorter than a message without texts, or longer than the longest. */
  'size',
  /** Something else. */
  'magic',
  /** Of a version that is not known. */
  'version',
  /** Not made with our key. */
  'key',
  /** Made with our key, and yet wrong. */
  'malformed',
] as const;

export type Unreadable = (typeof UNREADABLE)[number];

export const LONGEST_TEXT: Bytes = 63;

const REQUESTS = { ask: 1, release: 2, hello: 3 } as const satisfies Record<RequestKind, number>;
const REPLIES = {
  granted: 129,
  denied: 130,
  quiet: 131,
  full: 132,
  released: 133,
  told: 134,
  challenge: 135,
} as const satisfies Record<ReplyKind, number>;
const KINDS: ReadonlyMap<number, string> = new Map(
  Object.entries({ ...REQUESTS, ...REPLIES }).map(([kind, code]) => [code, kind]),
);

/** Codes by place. */
const CAUSES: readonly Cause[] = ['silence', 'farewell', 'preemption', 'ownership', 'group', 'return'];

const MAGIC = 0x5057;
const VERSION = 1;
const TEXTS_AT: Bytes = 60;
const HMAC: Bytes = 32;
const LONGEST: Bytes = TEXTS_AT + 4 * LONGEST_TEXT + HMAC;
const LONGEST_SPAN: Ms = 0xffff_ffff / 1000;

/** The name under which a vote is kept. */
export function nameOf({ pair, family, vrid }: Subject): string {
  return `${family}/${vrid}/${pair}`;
}

/** Throws a `RangeError` on names that are too long: settings are checked before they come here. */
export function encode(message: Message, key: Uint8Array): Buffer {
  const { subject, standing, name } = message;
  const holder = 'voter' in message ? message.holder : undefined;
  const texts = [subject.pair, name, standing?.version ?? '', holder?.name ?? ''].map((text) => Buffer.from(text));
  const end = texts.reduce((sum, { length }) => sum + length, TEXTS_AT);
  if (texts.some(({ length }) => length > LONGEST_TEXT)) throw new RangeError('a name of more than 63 bytes');
  const packet = Buffer.alloc(end + HMAC);
  packet.writeUInt16BE(MAGIC, 0);
  packet[2] = VERSION;
  packet[4] = subject.family;
  packet[5] = subject.vrid;
  packet.writeBigUInt64BE(message.run, 8);
  packet.writeBigUInt64BE(message.number, 16);
  packet.writeBigUInt64BE(message.challenge, 24);
  packet.writeUInt32BE(Math.floor(Math.min(message.span, LONGEST_SPAN) * 1000), 40);
  if ('voter' in message) {
    packet[3] = REPLIES[message.kind];
    packet.writeBigUInt64BE(message.voter, 32);
    packet[45] = holder === undefined ? 0 : holder.isWhoAsks ? 1 : 2;
  } else {
    packet[3] = REQUESTS[message.kind];
    packet[6] = CAUSES.indexOf(message.cause);
  }
  if (standing !== undefined) {
    packet[7] = standing.grade;
    packet[44] = standing.priority;
    packet.writeBigUInt64BE(standing.digest, 48);
  }
  let at = TEXTS_AT;
  for (const [place, text] of texts.entries()) {
    packet[56 + place] = text.length;
    at += text.copy(packet, at);
  }
  hmacOf(packet, key).copy(packet, end);
  return packet;
}

/** Any bytes at all: a message, or why they are none. Never throws. */
export function decode(packet: Buffer, key: Uint8Array): Message | Unreadable {
  if (packet.length < TEXTS_AT + HMAC || packet.length > LONGEST) return 'size';
  if (packet.readUInt16BE(0) !== MAGIC) return 'magic';
  if (packet[2] !== VERSION) return 'version';
  if (!timingSafeEqual(hmacOf(packet, key), packet.subarray(packet.length - HMAC))) return 'key';
  const texts = readTexts(packet);
  const kind = KINDS.get(packet[3] as number);
  const [family, vrid, priority, grade] = [packet[4], packet[5], packet[44], packet[7]] as number[];
  if (texts === undefined || kind === undefined || (family !== 4 && family !== 6) || vrid === 0) return 'malformed';
  const [pair, name, version, holderName] = texts as [string, string, string, string];
  if ((grade as number) > 3) return 'malformed';
  const digest = packet.readBigUInt64BE(48);
  const standing = { priority: priority as number, grade: grade as Grade, digest, version };
  const common = {
    subject: { pair, family, vrid: vrid as number } as const,
    run: packet.readBigUInt64BE(8),
    number: packet.readBigUInt64BE(16),
    challenge: packet.readBigUInt64BE(24),
    name,
    span: packet.readUInt32BE(40) / 1000,
  };
  if (kind in REQUESTS) {
    const cause = CAUSES[packet[6] as number];
    return cause === undefined ? 'malformed' : { kind: kind as RequestKind, ...common, standing, cause };
  }
  const holder = packet[45] === 0 ? undefined : { name: holderName, isWhoAsks: packet[45] === 1 };
  // A witness has neither priority nor version.
  const ofNode = version === '' ? undefined : standing;
  return { kind: kind as ReplyKind, ...common, voter: packet.readBigUInt64BE(32), standing: ofNode, holder };
}

function readTexts(packet: Buffer): string[] | undefined {
  const texts: string[] = [];
  let at = TEXTS_AT;
  for (const length of packet.subarray(56, TEXTS_AT)) {
    if (length > LONGEST_TEXT || at + length > packet.length - HMAC) return undefined;
    texts.push(packet.toString('utf8', at, at + length));
    at += length;
  }
  return at === packet.length - HMAC ? texts : undefined;
}

/** Of everything but the last 32 bytes. */
function hmacOf(packet: Buffer, key: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(packet.subarray(0, packet.length - HMAC))
    .digest();
}
