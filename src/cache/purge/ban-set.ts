import { urlOfKey } from '../select/key.ts';
import type { Ban, BanSubject, PurgeOrder, Verdict } from './order.ts';

/** Bans as one thread holds them, and what they mean for an object. */
export class BanSet {
  readonly #hard = new Bans();
  readonly #soft = new Bans();

  /** Entries that are kept: what a newer ban covers is not. */
  get size(): number {
    return this.#hard.size + this.#soft.size;
  }

  add({ order, soft, sequence }: Ban): void {
    if (soft) {
      if (order.kind === 'all') this.#soft.forget(sequence);
      this.#soft.add(order, sequence);
      return;
    }
    if (order.kind === 'all') {
      this.#hard.forget(sequence);
      this.#soft.forget(sequence);
    } else {
      this.#soft.remove(order, sequence);
    }
    this.#hard.add(order, sequence);
  }

  verdict(subject: BanSubject): Verdict {
    if (this.#hard.cover(subject)) return 'gone';
    return this.#soft.cover(subject) ? 'soft' : 'keep';
  }

  /** Drops what cannot be for anything, as no object has a sequence number below this. */
  forgetBelow(sequence: number): void {
    this.#hard.forget(sequence);
    this.#soft.forget(sequence);
  }

  /** In the order of their numbers. Added to an empty set, they make the same set. */
  bans(): Ban[] {
    const all = [...this.#hard.bans(false), ...this.#soft.bans(true)];
    return all.sort((a, b) => a.sequence - b.sequence);
  }
}

/** Of each thing that was banned, the newest number. */
class Bans {
  #newest = 0;
  #all = 0;
  readonly #urls = new Map<string, number>();
  readonly #tags = new Map<string, number>();
  /** By length: of a URL one piece of each length is looked up, however many prefixes there are. */
  readonly #prefixes = new Map<number, Map<string, number>>();

  get size(): number {
    let size = (this.#all > 0 ? 1 : 0) + this.#urls.size + this.#tags.size;
    for (const prefixes of this.#prefixes.values()) size += prefixes.size;
    return size;
  }

  add(order: PurgeOrder, sequence: number): void {
    this.#newest = Math.max(this.#newest, sequence);
    if (order.kind === 'all') this.#all = Math.max(this.#all, sequence);
    else raise(this.#mapOf(order), order.text, sequence);
  }

  /** Takes it out unless it is newer than `sequence`. */
  remove(order: Exclude<PurgeOrder, { kind: 'all' }>, sequence: number): void {
    const map = this.#mapOf(order);
    if ((map.get(order.text) ?? 0) <= sequence) map.delete(order.text);
    if (order.kind === 'prefix' && map.size === 0) this.#prefixes.delete(order.text.length);
  }

  cover({ key, tags, sequence }: BanSubject): boolean {
    if (sequence >= this.#newest) return false;
    if (sequence < this.#all) return true;
    for (const tag of tags) if (isNewer(this.#tags, tag, sequence)) return true;
    if (this.#urls.size === 0 && this.#prefixes.size === 0) return false;
    const url = urlOfKey(key);
    if (isNewer(this.#urls, url, sequence)) return true;
    for (const [length, prefixes] of this.#prefixes) {
      if (length <= url.length && isNewer(prefixes, url.slice(0, length), sequence)) return true;
    }
    return false;
  }

  forget(sequence: number): void {
    if (this.#all <= sequence) this.#all = 0;
    for (const map of [this.#urls, this.#tags, ...this.#prefixes.values()]) forgetIn(map, sequence);
    for (const [length, prefixes] of this.#prefixes) if (prefixes.size === 0) this.#prefixes.delete(length);
  }

  *bans(soft: boolean): Generator<Ban> {
    if (this.#all > 0) yield { order: { kind: 'all' }, soft, sequence: this.#all };
    for (const [text, sequence] of this.#urls) yield { order: { kind: 'url', text }, soft, sequence };
    for (const [text, sequence] of this.#tags) yield { order: { kind: 'tag', text }, soft, sequence };
    for (const prefixes of this.#prefixes.values()) {
      for (const [text, sequence] of prefixes) yield { order: { kind: 'prefix', text }, soft, sequence };
    }
  }

  #mapOf({ kind, text }: Exclude<PurgeOrder, { kind: 'all' }>): Map<string, number> {
    if (kind === 'url') return this.#urls;
    if (kind === 'tag') return this.#tags;
    const known = this.#prefixes.get(text.length);
    if (known !== undefined) return known;
    const made = new Map<string, number>();
    this.#prefixes.set(text.length, made);
    return made;
  }
}

function raise(map: Map<string, number>, text: string, sequence: number): void {
  if ((map.get(text) ?? 0) < sequence) map.set(text, sequence);
}

function isNewer(map: ReadonlyMap<string, number>, text: string, sequence: number): boolean {
  const banned = map.get(text);
  return banned !== undefined && banned > sequence;
}

function forgetIn(map: Map<string, number>, sequence: number): void {
  for (const [text, banned] of map) if (banned <= sequence) map.delete(text);
}

/**
 * As many of the newest bans as take no more than `room`; the older ones become one for everything that is as old. More
 * is purged then than was asked for, never less. `bans` are in the order of their numbers.
 */
export function foldOldest(bans: readonly Ban[], room: number, sizeOf: (ban: Ban) => number): readonly Ban[] {
  let first = bans.length;
  let taken = 2 * sizeOf({ order: { kind: 'all' }, soft: false, sequence: 0 });
  while (first > 0) {
    taken += sizeOf(bans[first - 1] as Ban);
    if (taken > room) break;
    first -= 1;
  }
  if (first === 0) return bans;
  const folded = bans.slice(0, first);
  const all = [false, true].flatMap((soft): Ban[] => {
    const newest = folded.findLast((ban) => ban.soft === soft);
    return newest === undefined ? [] : [{ order: { kind: 'all' }, soft, sequence: newest.sequence }];
  });
  return [...all.sort((a, b) => a.sequence - b.sequence), ...bans.slice(first)];
}
