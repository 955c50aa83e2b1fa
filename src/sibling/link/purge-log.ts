import { randomBytes } from 'node:crypto';
import { attempt } from '../../base/attempt.ts';
import type { Bytes, Ms } from '../../base/units.ts';
import type { PurgeOrder } from '../../cache/purge/order.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { decodeOrders, encodeOrders, grouped } from './orders.ts';
import { type Folded, type LoggedPurge, logged, PurgeLogFile, peerLine, purgeLine } from './purge-log-file.ts';

/** As many are kept for siblings that are away; beyond it the older quarter is folded. */
const MOST = 10_000;
const LARGEST: Bytes = 4 * 1024 * 1024;
/** What one entry may take: a line on the wire holds it, and more. */
const ENTRY: Bytes = 256 * 1024;
/** By so much two clocks, or one that was set, may differ in what is long ago. */
const SLACK: Ms = 60_000;

/** Up to where somebody has applied a log: which one it is, a number, and the checksum of that purge; 0 with number 0. */
export interface Position {
  readonly instance: string;
  readonly number: number;
  readonly check: number;
}

/** From where on somebody wants a log: from a position; or, who has none, all that may concern what it stored since then. */
export type Since = Position | { readonly ago: Ms };

/** Why everything has to be purged: it is another log, or an older part of it than is kept, or it has lost something. */
export type MissedWhy = 'instance' | 'folded' | 'lost';

export interface Resumption {
  readonly position: Position;
  /** There are purges before `position` that cannot be told any more. */
  readonly missed: MissedWhy | undefined;
}

export interface PurgeLogOptions {
  /** `state_dir`. */
  readonly directory: string;
  readonly log: EventLog;
  readonly now: () => Ms;
  readonly most?: number;
  readonly largest?: Bytes;
}

/**
 * The purges that were made on this node, with a number each, from 1, for its siblings: those that are away get them when
 * they return. It also knows which of them ever was a Portico node. What siblings purged is not in it; they tell everybody
 * themselves.
 *
 * Its `instance` is drawn when a `state_dir` has none yet, and is the node's own. A log that is damaged is followed by
 * another instance: then all siblings purge everything, once.
 */
export class PurgeLog {
  readonly #options: PurgeLogOptions;
  readonly #file: PurgeLogFile;
  readonly #peers = new Set<string>();
  readonly #instance: string;
  #folded: Folded;
  /** Numbers follow each other, from that after `#folded`. */
  #purges: LoggedPurge[] = [];
  #size: Bytes = 0;
  #isKept = true;

  constructor(options: PurgeLogOptions) {
    this.#options = options;
    this.#file = new PurgeLogFile(options.directory);
    const read = this.#file.read();
    const { path } = this.#file;
    if (read.kind === 'damaged') {
      options.log.error('purge log is damaged: siblings will purge everything', { file: path, error: read.problem });
    }
    const fresh = { instance: randomBytes(16).toString('hex'), folded: NOTHING, peers: [], purges: [] };
    const { instance, folded, peers, purges } = read.kind === 'log' ? read.content : fresh;
    this.#instance = instance;
    this.#folded = folded;
    for (const peer of peers) this.#peers.add(peer);
    this.#purges = [...purges];
    this.#size = purges.reduce((sum, { size }) => sum + size, 0);
    if (read.kind !== 'log' || read.torn) this.#try(() => this.#rewrite());
  }

  /** 32 hexadecimal digits. */
  get instance(): string {
    return this.#instance;
  }

  /** The number of the last purge; 0 before the first. */
  get head(): number {
    return this.#folded.number + this.#purges.length;
  }

  /** How many are kept. */
  get size(): number {
    return this.#purges.length;
  }

  /**
   * Adds a purge; one of many orders takes several numbers. Returns the last of them; it is in the file by then. Throws a
   * `RangeError` for an order that no sibling would take.
   */
  append(orders: readonly PurgeOrder[], soft: boolean): number {
    if (decodeOrders(encodeOrders(orders)) === undefined) throw new RangeError('purge too long');
    const first = this.head + 1;
    const time = this.#options.now();
    const purges = grouped(orders, ENTRY).map((group, index) => logged(first + index, time, soft, group));
    this.#try(() => this.#file.append(purges.map(purgeLine).join('')));
    for (const purge of purges) {
      this.#purges.push(purge);
      this.#size += purge.size;
    }
    this.#foldOldest();
    return this.head;
  }

  /** The one after this number. `undefined`: there is none yet. `folded`: it is not kept any more. */
  after(number: number): LoggedPurge | 'folded' | undefined {
    const at = number - this.#folded.number;
    return at < 0 ? 'folded' : this.#purges[at];
  }

  /** From where on a sibling is told what it lacks. */
  resume(since: Since): Resumption {
    if ('ago' in since) return this.#resumeAgo(since.ago);
    const missed = this.#missedBy(since);
    return { position: missed === undefined ? since : this.#positionAt(this.head), missed };
  }

  /** Whether this ADDRESS:PORT ever was a Portico node's. */
  knows(peer: string): boolean {
    return this.#peers.has(peer);
  }

  /** It is one. */
  know(peer: string): void {
    if (this.#peers.has(peer)) return;
    this.#peers.add(peer);
    this.#try(() => this.#file.append(peerLine(peer)));
  }

  close(): void {
    this.#file.close();
  }

  #resumeAgo(ago: Ms): Resumption {
    const from = this.#options.now() - ago - SLACK;
    if (this.#folded.number > 0 && this.#folded.time >= from) {
      return { position: this.#positionAt(this.head), missed: 'folded' };
    }
    const first = this.#purges.find(({ time }) => time >= from);
    return { position: this.#positionAt(first === undefined ? this.head : first.number - 1), missed: undefined };
  }

  #missedBy({ instance, number, check }: Position): MissedWhy | undefined {
    if (instance !== this.#instance) return 'instance';
    if (number < this.#folded.number) return 'folded';
    // It was told of something that has not come to our disk.
    return number > this.head || this.#positionAt(number).check !== check ? 'lost' : undefined;
  }

  #positionAt(number: number): Position {
    const check = this.#purges[number - this.#folded.number - 1]?.check ?? this.#folded.check;
    return { instance: this.#instance, number, check };
  }

  #foldOldest(): void {
    const { most = MOST, largest = LARGEST } = this.#options;
    if (this.#purges.length <= most && this.#size <= largest) return;
    let count = 0;
    while (this.#purges.length - count > 0.75 * most || this.#size > 0.75 * largest) {
      this.#folded = this.#purges[count++] as LoggedPurge;
      this.#size -= this.#purges[count - 1]?.size ?? 0;
    }
    const { number, check, time } = this.#folded;
    this.#folded = { number, check, time };
    this.#purges = this.#purges.slice(count);
    this.#try(() => this.#rewrite());
  }

  #rewrite(): void {
    this.#file.rewrite({
      instance: this.#instance,
      folded: this.#folded,
      peers: [...this.#peers],
      purges: this.#purges,
    });
  }

  /** A file that lacks something would have siblings miss it after the next start: better none at all. */
  #try(change: () => void): void {
    if (!this.#isKept) return;
    const error = attempt(change);
    if (error === undefined) return;
    this.#isKept = false;
    const { path: file } = this.#file;
    const removed = this.#file.remove() as NodeJS.ErrnoException | undefined;
    const isGone = removed === undefined || removed.code === 'ENOENT';
    const consequence = isGone
      ? 'siblings purge everything after the next start'
      : 'siblings that are away may miss some';
    this.#options.log.error('purge log cannot be written', { file, consequence, error });
  }
}

const NOTHING: Folded = { number: 0, check: 0, time: 0 };
