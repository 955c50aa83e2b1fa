import type { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';

/**
 * Told of each leaf of a tree in the order of addresses: the first address of its net (an IPv4 address in the last word),
 * the net's length in the family's own terms, and its record, `undefined` where the database knows nothing.
 */
export type LeafVisitor = (
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  prefix: number,
  record: number | undefined,
) => void;

/** Whether a net of IPv6 is not to be walked, told its first two words and its length. */
export type Pruned = (w0: number, w1: number, prefix: number) => boolean;

/** All of the IPv4 address space. Throws a `DatabaseError`. */
export function walkIPv4(database: Database, visit: LeafVisitor): void {
  const walk = new Walk(
    database,
    (w0, w1, w2, w3, prefix, record) => visit(w0, w1, w2, w3, prefix - 96, record),
    () => false,
  );
  walk.descend(database.ipv4Root(), 96, 0, 0, 0, 0);
}

/** All of the IPv6 address space but what is pruned, which counts as unknown. Throws a `DatabaseError`. */
export function walkIPv6(database: Database, visit: LeafVisitor, pruned: Pruned): void {
  new Walk(database, visit, pruned).descend(0, 0, 0, 0, 0, 0);
}

class Walk {
  readonly #database: Database;
  readonly #visit: LeafVisitor;
  readonly #pruned: Pruned;
  readonly #nodeCount: number;
  /** Nodes may be shared (IPv4 is, by some of its images in IPv6), but a damaged tree could be walked for ever. */
  #left: number;

  constructor(database: Database, visit: LeafVisitor, pruned: Pruned) {
    this.#database = database;
    this.#visit = visit;
    this.#pruned = pruned;
    this.#nodeCount = database.metadata.nodeCount;
    this.#left = 4 * this.#nodeCount + 256;
  }

  /** At most 128 deep. */
  descend(record: number, depth: number, w0: number, w1: number, w2: number, w3: number): void {
    if (record >= this.#nodeCount || this.#pruned(w0, w1, depth)) {
      this.#visit(w0, w1, w2, w3, depth, record > this.#nodeCount ? record : undefined);
      return;
    }
    if (depth === 128) throw new DatabaseError('is damaged: its tree is deeper than an address is long');
    if (this.#left-- === 0) throw new DatabaseError('is damaged: its tree has loops');
    this.descend(this.#database.child(record, 0), depth + 1, w0, w1, w2, w3);

    const bit = (1 << (31 - (depth & 31))) >>> 0;
    const word = depth >>> 5;
    this.descend(
      this.#database.child(record, 1),
      depth + 1,
      word === 0 ? w0 + bit : w0,
      word === 1 ? w1 + bit : w1,
      word === 2 ? w2 + bit : w2,
      word === 3 ? w3 + bit : w3,
    );
  }
}
