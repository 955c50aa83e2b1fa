/**
 * What the DNS thread counts, in memory that control reads for the metrics. Each cell is a double and has one writer, the
 * thread; counts stay when it dies, and its successor counts on.
 *
 * Whoever has more to count adds a name to a group, or a group: cells are laid out from this table.
 */
const GROUPS = {
  udp: [
    /** All that came. Each is one of the six behind it. */
    'queries',
    /** Handed to the system. */
    'replies',
    /** The responder wanted no reply. */
    'silent',
    /** From port 0: nobody can be answered there. */
    'portless',
    /** So many replies wait for the system to take them that there was no room for another. */
    'dropped',
    /** Larger than any query (only where there is less room than UDP allows). */
    'oversized',
    /** Sent to a broadcast or multicast address (only where that can be told). */
    'broadcast',
    /** Replies that the system did not take (ENOBUFS, EPERM, EHOSTUNREACH). */
    'unsent',
    /** Replies that say TC: come again by TCP. */
    'truncated',
    /** Errors of a socket that belong to no reply. */
    'socketErrors',
  ],
  tcp: [
    'queries',
    'replies',
    'silent',
    /** Zones transferred to their end, and messages of transfers. */
    'transfers',
    'transferMessages',
    'accepted',
    /** Connections now. */
    'open',
    /** Connections closed as they came: there are too many, all in the middle of something. */
    'refused',
    /** Idle connections that made room for new ones. */
    'evicted',
    /** Connections cut: nothing, or nothing more, came within `idle` (or `first`). */
    'idle',
    /** Connections cut: a query did not come to its end in time. */
    'slowQueries',
    /** Connections cut: the client did not read. */
    'slowReaders',
    /** Connections ended: what came cannot be a query of ours, by its length. */
    'malformed',
    /** A connection could not be accepted. (Of those for which there is no file descriptor nobody learns.) */
    'acceptErrors',
  ],
  /** What the responder threw or made too long, by either transport: a fault of ours, that a query must not end us by. */
  responder: ['failed'],
} as const;

type Group = keyof typeof GROUPS;
type Name<G extends Group> = (typeof GROUPS)[G][number];

/** Where each is: `CELL.udp.queries`. */
export const CELL = layOut();

/** What is not counted, but held by the living thread. */
const HELD: readonly number[] = [CELL.tcp.open];

const CELLS = Object.values(GROUPS).reduce((sum, names) => sum + names.length, 0);

export class DnsCounts {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(8 * CELLS);
  }

  constructor(memory: SharedArrayBuffer = DnsCounts.allocate()) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
  }

  /** `cell` is one of `CELL`. */
  add(cell: number, count = 1): void {
    (this.#cells[cell] as number) += count;
  }

  get(cell: number): number {
    return this.#cells[cell] as number;
  }

  /** A group as it stands now, by name. */
  of<G extends Group>(group: G): Readonly<Record<Name<G>, number>> {
    const cells = Object.entries<number>(CELL[group]).map(([name, cell]) => [name, this.get(cell)]);
    return Object.fromEntries(cells) as Record<Name<G>, number>;
  }

  /** Forgets what a dead thread held. */
  dropHeld(): void {
    for (const cell of HELD) this.#cells[cell] = 0;
  }
}

function layOut(): { readonly [G in Group]: Readonly<Record<Name<G>, number>> } {
  let end = 0;
  const groups = Object.entries(GROUPS).map(([group, names]) => [
    group,
    Object.fromEntries(names.map((name) => [name, end++])),
  ]);
  return Object.fromEntries(groups);
}
