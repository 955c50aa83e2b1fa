import { HEADER_LENGTH, LOWER } from '../wire/message.ts';
import type { Query } from '../wire/message-query.ts';
import { type CompiledReply, GeoReplies, type KnownAnswer } from './compiled.ts';

/** Powers of two. */
const SLOTS = 16_384;
const WAYS = 4;
const SEEN = 16_384;

/** Beyond that it begins again: 16 MiB, with what objects take. */
const MOST_BYTES = 2 ** 24;
const OVERHEAD = 400;

/** A reply that is longer is made anew each time. */
const LONGEST_REPLY = 4096;

/**
 * What is known of names and types that were asked for more than once lately, by hash: to look up costs no allocation, and
 * a flood of names that nobody asks for twice neither fills it nor drives anything out. It holds as long as the zones do.
 */
export class AnswerCache {
  readonly #hashes = new Int32Array(SLOTS);
  readonly #answers: (KnownAnswer | undefined)[] = new Array(SLOTS).fill(undefined);
  /** Hashes of what was asked for and not known. */
  readonly #seen = new Int32Array(SEEN);
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#hashes.fill(0);
    this.#answers.fill(undefined);
    this.#seen.fill(0);
    this.#bytes = 0;
  }

  find(query: Query): KnownAnswer | undefined {
    const hash = hashOf(query);
    const first = hash & (SLOTS - 1) & -WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#hashes[slot] !== hash) continue;
      const answer = this.#answers[slot];
      if (answer !== undefined && isFor(answer, query)) return answer;
    }
    return undefined;
  }

  /** Whether the same was asked for before, as far as anybody remembers. */
  wasSeen(query: Query): boolean {
    const hash = hashOf(query);
    const slot = (hash >>> 14) & (SEEN - 1);
    const wasSeen = this.#seen[slot] === hash;
    this.#seen[slot] = hash;
    return wasSeen;
  }

  /** For what was not found. */
  add(query: Query, reply: CompiledReply | GeoReplies): void {
    if (!(reply instanceof GeoReplies) && reply.bytes.length > LONGEST_REPLY) return;
    const name = new Uint8Array(query.nameLength);
    for (let i = 0; i < name.length; i++) name[i] = LOWER[query.bytes[HEADER_LENGTH + i] as number] as number;
    this.#grow(name.length + (reply instanceof GeoReplies ? 0 : reply.bytes.length));

    const hash = hashOf(query);
    const first = hash & (SLOTS - 1) & -WAYS;
    let slot = first + ((hash >>> 20) & (WAYS - 1)); // all taken: whichever
    for (let way = first; way < first + WAYS; way++) if (this.#answers[way] === undefined) slot = way;
    this.#hashes[slot] = hash;
    this.#answers[slot] = { name, type: query.type, reply };
  }

  /** For one more choice at a name that is known. */
  addChoice(replies: GeoReplies, datacenters: readonly number[], reply: CompiledReply): void {
    if (reply.bytes.length > LONGEST_REPLY) return;
    if (replies.add(datacenters, reply)) this.#grow(reply.bytes.length);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes + OVERHEAD;
    if (this.#bytes > MOST_BYTES) this.clear();
  }
}

/** Never 0, which is what is in a slot that was never used. */
function hashOf({ nameHash, type }: Query): number {
  let hash = nameHash ^ Math.imul(type, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16) || 1;
}

function isFor({ name, type }: KnownAnswer, query: Query): boolean {
  if (type !== query.type || name.length !== query.nameLength) return false;
  const { bytes } = query;
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== LOWER[bytes[HEADER_LENGTH + i] as number]) return false;
  }
  return true;
}
