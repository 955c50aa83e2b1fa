/**
 * The lists of selecting fields that responses vary by, each interned to a small number. Threads only ever add to it, with the
 * cache's lock held, and read it without: a record is whole before the count says that it is there.
 *
 *     0       4      8
 *     +-------+------+--------+-----------------+--------+---
 *     | count | used | length | accept-encoding | length | …      length: 2 bytes, big endian
 *     +-------+------+--------+-----------------+--------+---
 */
export class VarySpecs {
  readonly #header: Int32Array;
  readonly #bytes: Buffer;
  readonly #ids = new Map<string, number>();
  /** By number less 1. */
  readonly #texts: string[] = [];
  #decoded = RECORDS_AT;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(SIZE);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, 2);
    this.#bytes = Buffer.from(memory);
  }

  /** The number of a list that is known already: `accept-encoding\ncookie`, lower case and sorted. */
  idOf(text: string): number | undefined {
    if (text === '') return 0;
    this.#decode();
    return this.#ids.get(text);
  }

  /** The list of a number. Throws a `RangeError` for one that nobody gave. */
  textOf(id: number): string {
    if (id === 0) return '';
    if (id > this.#texts.length) this.#decode();
    const text = this.#texts[id - 1];
    if (text === undefined) throw new RangeError(`no vary spec has the number ${id}`);
    return text;
  }

  /** Gives the list a number. `undefined`: the table is full, or the list absurdly long. The lock must be held. */
  add(text: string): number | undefined {
    const known = this.idOf(text);
    if (known !== undefined) return known;
    const at = RECORDS_AT + (this.#header[USED] as number);
    const end = at + 2 + text.length;
    if (text.length > LONGEST || end > SIZE) return undefined;
    this.#bytes.writeUInt16BE(text.length, at);
    this.#bytes.write(text, at + 2, 'latin1');
    this.#header[USED] = end - RECORDS_AT;
    Atomics.add(this.#header, COUNT, 1);
    return this.idOf(text);
  }

  #decode(): void {
    const count = Atomics.load(this.#header, COUNT);
    while (this.#texts.length < count) {
      const begin = this.#decoded + 2;
      const end = begin + this.#bytes.readUInt16BE(this.#decoded);
      const text = this.#bytes.toString('latin1', begin, end);
      this.#ids.set(text, this.#texts.push(text));
      this.#decoded = end;
    }
  }
}

const SIZE = 64 * 1024;
const LONGEST = 4096;

const COUNT = 0;
const USED = 1;
const RECORDS_AT = 8;
