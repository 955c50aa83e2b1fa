import { LOWER, MAX_POINTER, POINTER, putU16 } from './message.ts';

/** A power of two; of 1,000 slots half stay free, so that a search is short. */
const SLOTS = 1024;
const MOST_NAMES = SLOTS / 2;
const MOST_LABELS = 128;

/** For `MessageNames` that keep the case of names: only what is the same byte for byte is the same. */
export const AS_WRITTEN = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/**
 * The names that a message has so far, so that others can point to them (RFC 1035 §4.1.4). Each of a name's endings is
 * found by its hash, and compared without regard to case; who points to the name of the question takes its case (0x20)
 * over, unless case is to be kept. What is beyond the reach of a pointer, and what comes after the first 512 endings, is
 * not pointed to.
 */
export class MessageNames {
  readonly #hashes = new Int32Array(SLOTS);
  /** Where it begins in the message; 0, where the header is: free. */
  readonly #offsets = new Uint16Array(SLOTS);
  /** The slots in use, in the order of their use. */
  readonly #used = new Uint16Array(MOST_NAMES);
  #count = 0;
  /** What bytes are compared as. */
  readonly #compared: Uint8Array;

  /** Of the name at hand: where its labels begin, and the hash from there to its end. */
  readonly #starts = new Uint16Array(MOST_LABELS);
  readonly #endings = new Int32Array(MOST_LABELS);

  constructor(compared: typeof LOWER | typeof AS_WRITTEN = LOWER) {
    this.#compared = compared;
  }

  /** How many there are; for `forget()`. */
  get count(): number {
    return this.#count;
  }

  /** Forgets all but the first `count`. */
  forget(count = 0): void {
    // Slots are freed in the opposite order, so that no search ends too soon at one of them.
    while (this.#count > count) this.#offsets[this.#used[--this.#count] as number] = 0;
  }

  /** Takes in a name that is in the message already, and is not compressed. */
  add(message: Uint8Array, at: number): void {
    const labels = this.#split(message, at);
    for (let i = 0; i < labels; i++) this.#keep(this.#endings[i] as number, this.#starts[i] as number);
  }

  /** Writes a name in wire form that begins at `nameAt`, as short as may be, and says where it ends. */
  write(message: Uint8Array, at: number, name: Uint8Array, nameAt = 0): number {
    const labels = this.#split(name, nameAt);
    let end = at;
    for (let i = 0; i < labels; i++) {
      const start = this.#starts[i] as number;
      const hash = this.#endings[i] as number;
      const known = this.#find(message, hash, name, start);
      if (known !== 0) {
        putU16(message, end, POINTER | known);
        return end + 2;
      }
      this.#keep(hash, end);
      const next = start + 1 + (name[start] as number);
      for (let j = start; j < next; j++) message[end++] = name[j] as number;
    }
    message[end] = 0;
    return end + 1;
  }

  /** How many labels a name has but for the root's. */
  #split(name: Uint8Array, at: number): number {
    let labels = 0;
    let end = at;
    for (let label = name[end] as number; label !== 0; label = name[end] as number) {
      this.#starts[labels++] = end;
      end += 1 + label;
    }
    let hash = 0;
    for (let i = labels - 1; i >= 0; i--) {
      const start = this.#starts[i] as number;
      for (let j = start; j < end; j++) hash = Math.imul(hash ^ (LOWER[name[j] as number] as number), 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
      this.#endings[i] = hash;
      end = start;
    }
    return labels;
  }

  #keep(hash: number, offset: number): void {
    if (offset > MAX_POINTER || this.#count === MOST_NAMES) return;
    let slot = hash & (SLOTS - 1);
    while (this.#offsets[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.#hashes[slot] = hash;
    this.#offsets[slot] = offset;
    this.#used[this.#count++] = slot;
  }

  #find(message: Uint8Array, hash: number, name: Uint8Array, at: number): number {
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const offset = this.#offsets[slot] as number;
      if (offset === 0) return 0;
      if (this.#hashes[slot] === hash && isSameName(message, offset, name, at, this.#compared)) return offset;
    }
  }
}

/** Pointers are followed in the message only: they are ours, and lead backwards. */
function isSameName(
  message: Uint8Array,
  offset: number,
  name: Uint8Array,
  nameAt: number,
  compared: Uint8Array,
): boolean {
  let there = offset;
  let here = nameAt;
  for (;;) {
    let label = message[there] as number;
    while (label >= POINTER >>> 8) {
      there = ((label << 8) | (message[there + 1] as number)) & MAX_POINTER;
      label = message[there] as number;
    }
    if (label !== name[here]) return false;
    if (label === 0) return true;
    for (let i = 1; i <= label; i++) {
      if (compared[message[there + i] as number] !== compared[name[here + i] as number]) return false;
    }
    there += 1 + label;
    here += 1 + label;
  }
}
