import type { IPv6Words } from '../../../base/address.ts';
import { DatabaseError } from './database-error.ts';
import { Fields } from './fields.ts';
import { type Metadata, readMetadata } from './metadata.ts';

/**
 * A MaxMind DB (format 2.0): a binary tree over the bits of an address, whose leaves point to records. It is looked at
 * where it lies in memory, as it is in the file; nothing of it is trusted.
 *
 *     | search tree: node_count × 2 records | 16 zeros | data section | marker | metadata |
 *
 *     24 bits:  | left 23..0 | right 23..0 |
 *     28 bits:  | left 23..0 | left 27..24, right 27..24 | right 23..0 |
 *     32 bits:  | left 31..0 | right 31..0 |
 */
export class Database {
  readonly metadata: Metadata;
  /** Of the data section, read by offsets from `fieldOf()`. */
  readonly fields: Fields;
  readonly #bytes: Buffer;
  readonly #dataLength: number;

  /** Throws a `DatabaseError`. The bytes must not change afterwards. */
  constructor(file: Uint8Array) {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    const metadata = readMetadata(bytes);
    const treeLength = (metadata.nodeCount * metadata.recordSize) / 4;
    const dataStart = treeLength + SEPARATOR;
    if (dataStart > metadata.offset) {
      throw new DatabaseError(`is damaged: ${metadata.nodeCount} nodes do not fit in ${metadata.offset} bytes`);
    }
    this.metadata = metadata;
    this.fields = new Fields(bytes.subarray(dataStart, metadata.offset));
    this.#bytes = bytes;
    this.#dataLength = metadata.offset - dataStart;
  }

  /** The record of a node (below `nodeCount`) for the next bit: less than `nodeCount`: a node; the same: nothing; else data. */
  child(node: number, bit: number): number {
    const bytes = this.#bytes;
    switch (this.metadata.recordSize) {
      case 24: {
        const at = node * 6 + bit * 3;
        return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      }
      case 28: {
        const at = node * 7 + bit * 4;
        const middle = bytes[node * 7 + 3] as number;
        const high = bit === 0 ? middle >>> 4 : middle & 15;
        return (
          (high << 24) | ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
        );
      }
      case 32:
        return bytes.readUInt32BE(node * 8 + bit * 4);
    }
  }

  /** Where IPv4 begins: a node, or, when the tree is less deep there, what it says for all of IPv4. */
  ipv4Root(): number {
    let record = 0;
    if (this.metadata.ipVersion === 6) {
      for (let depth = 0; depth < 96 && record < this.metadata.nodeCount; depth++) record = this.child(record, 0);
    }
    return record;
  }

  /**
   * The leaf around one address (of IPv4 in the last word) and its net's length. For single look-ups. A file for IPv4 alone says
   * nothing of IPv6 addresses.
   */
  lookUp(family: 4 | 6, words: IPv6Words): { readonly record: number | undefined; readonly prefix: number } {
    const { ipVersion, nodeCount } = this.metadata;
    if (family > ipVersion) return { record: undefined, prefix: 0 };
    const skipped = family === 4 ? 96 : 0;
    let record = family === 4 ? this.ipv4Root() : 0;
    let depth = skipped;
    for (; depth < 128 && record < nodeCount; depth++) {
      record = this.child(record, ((words[depth >>> 5] as number) >>> (31 - (depth & 31))) & 1);
    }
    if (record < nodeCount) throw new DatabaseError('is damaged: its tree is deeper than an address is long');
    return { record: record > nodeCount ? record : undefined, prefix: depth - skipped };
  }

  /** Where the data of a leaf begins. Throws a `DatabaseError` when it points anywhere else. */
  fieldOf(record: number): number {
    const offset = record - this.metadata.nodeCount - SEPARATOR;
    if (offset < 0 || offset >= this.#dataLength) {
      throw new DatabaseError(`is damaged: a leaf of its tree points to byte ${offset} of ${this.#dataLength} of data`);
    }
    return offset;
  }
}

/**
 * Which of several is looked up for a family. For IPv4 the first that is for IPv4 alone, else the first; for IPv6 the first that has
 * it: so a pair of files for one family each does as well as one for both.
 */
export function databaseFor(databases: readonly Database[], family: 4 | 6): Database | undefined {
  const own = databases.find(({ metadata }) => metadata.ipVersion === family);
  return family === 4 ? (own ?? databases[0]) : own;
}

/** Zeros between tree and data, in bytes. */
const SEPARATOR = 16;
