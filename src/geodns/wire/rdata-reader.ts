import type { WireName } from '../model.ts';
import { nameEnd } from './name.ts';
import { Problem } from './problem.ts';

/** Reads uncompressed RDATA from the left. Throws a `Problem` where it is not what its type says. */
export class RdataReader {
  readonly #bytes: Buffer;
  readonly #names: number[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Where names were read that may be compressed. */
  get names(): readonly number[] {
    return this.#names;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u16(): number {
    return this.bytes(2).readUInt16BE();
  }

  u32(): number {
    return this.bytes(4).readUInt32BE();
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Problem('expected more bytes');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  name(mayBeCompressed: boolean): WireName {
    const end = nameEnd(this.#bytes, this.#at);
    if (end === undefined) throw new Problem('expected a name');
    if (mayBeCompressed) this.#names.push(this.#at);
    return this.bytes(end - this.#at);
  }

  /** A character string: a byte of length, and so many bytes (RFC 1035 §3.3). */
  string(): Buffer {
    return this.bytes(this.u8());
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }
}
