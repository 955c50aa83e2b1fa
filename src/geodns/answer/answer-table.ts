import { type AnswerCounts, NONE, type Silence } from './counts.ts';
import type { Transport } from './source.ts';

export const TRANSPORTS = ['udp', 'tcp'] as const satisfies readonly Transport[];
export const SILENCES = ['malformed', 'port', 'limited'] as const satisfies readonly Silence[];

/** RCODEs 0 to 23 are told apart, which are all that there are in replies of ours; others count as this one. */
export const OTHER_RCODE = 24;

/** Cells of a zone's row: all RCODEs by UDP, and behind them all by TCP. */
export const ROW = TRANSPORTS.length * (OTHER_RCODE + 1);

const HEADER = 2;
const FAILED = HEADER;
const SLIPPED = FAILED + 1;
const TRUNCATED = SLIPPED + 1;
const SILENT = TRUNCATED + TRANSPORTS.length;
const ANSWERS = SILENT + SILENCES.length * TRANSPORTS.length;

/** How many zones and datacenters there are: what positions stand for, the plan says that the table was made for. */
export interface AnswerTableSize {
  readonly zones: number;
  readonly datacenters: number;
}

/**
 * What the responder of one generation counts, in shared memory: what was counted stays when the thread dies, and its
 * successor, which is given the same plan, counts on. A cell is a double and has one writer.
 *
 *      | zones | datacenters | failed | slipped | truncated | silences            | answers            | replies
 *        1       1             1        1         UDP, TCP    by reason, UDP, TCP   of each datacenter   a row for no zone,
 *                                                                                                        one of each zone
 */
export class AnswerTable implements AnswerCounts {
  readonly size: AnswerTableSize;
  readonly #cells: Float64Array;
  readonly #rows: number;
  readonly #onFailure: (error: unknown) => void;

  /** Some 400 bytes for each zone. */
  static allocate({ zones, datacenters }: AnswerTableSize): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(8 * (ANSWERS + datacenters + (zones + 1) * ROW));
    new Float64Array(memory).set([zones, datacenters]);
    return memory;
  }

  /** `onFailure`: is told what is broken, each time. */
  constructor(memory: SharedArrayBuffer, onFailure: (error: unknown) => void = ignore) {
    this.#cells = new Float64Array(memory);
    const [zones = 0, datacenters = 0] = this.#cells;
    this.size = { zones, datacenters };
    this.#rows = ANSWERS + datacenters;
    this.#onFailure = onFailure;
  }

  replied(zone: number, rcode: number, transport: Transport, datacenter: number, isTruncated: boolean): void {
    this.#count(this.#rowAt(zone) + replyCell(rcode, transport));
    if (datacenter !== NONE) this.#count(ANSWERS + datacenter);
    if (isTruncated) this.#count(TRUNCATED + positionOf(transport));
  }

  silent(reason: Silence, transport: Transport): void {
    this.#count(SILENT + SILENCES.indexOf(reason) * TRANSPORTS.length + positionOf(transport));
  }

  slipped(): void {
    this.#count(SLIPPED);
  }

  failed(error: unknown): void {
    this.#count(FAILED);
    this.#onFailure(error);
  }

  get failures(): number {
    return this.#cells[FAILED] as number;
  }

  get slips(): number {
    return this.#cells[SLIPPED] as number;
  }

  truncated(transport: Transport): number {
    return this.#cells[TRUNCATED + positionOf(transport)] as number;
  }

  silences(reason: Silence, transport: Transport): number {
    return this.#cells[SILENT + SILENCES.indexOf(reason) * TRANSPORTS.length + positionOf(transport)] as number;
  }

  /** Geographic answers that had a datacenter, by its position, as their first. */
  answers(datacenter: number): number {
    return this.#cells[ANSWERS + datacenter] as number;
  }

  /** Replies for a zone, by its position or `NONE`, as they are now; where which is, `replyCell` says. */
  replies(zone: number): Float64Array {
    const start = this.#rowAt(zone);
    return this.#cells.subarray(start, start + ROW);
  }

  #rowAt(zone: number): number {
    return this.#rows + (zone - NONE) * ROW;
  }

  #count(cell: number): void {
    (this.#cells[cell] as number) += 1;
  }
}

/** Where in a zone's row replies of an RCODE are. */
export function replyCell(rcode: number, transport: Transport): number {
  return positionOf(transport) * (OTHER_RCODE + 1) + Math.min(rcode, OTHER_RCODE);
}

function positionOf(transport: Transport): 0 | 1 {
  return transport === 'udp' ? 0 : 1;
}

function ignore(): void {}
