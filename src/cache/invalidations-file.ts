import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { attempt } from '../base/attempt.ts';
import type { Bytes } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { type KeyHash, randomSeed } from './memory/hash.ts';

/** Of a table; a power of two. Two URLs that share a cell cost one of them a fetch now and then, and nothing else. */
export const CELLS = 65_536;

/**
 * The file beside the objects on disk that says which of them are not to be brought back: the cells of `Invalidations`,
 * once for each worker. It begins with
 *
 *      0               4               8               12              16              20              24      32
 *     +---------------+---------------+---------------+---------------+---------------+---------------+-------+
 *     | checksum      | magic "PtIv"  | version       | tables       | seed, high    | seed, low     | 0     |
 *     +---------------+---------------+---------------+---------------+---------------+---------------+-------+
 *
 * and the tables follow, 512 KiB each. The checksum is the CRC-32 of what comes after it, up to 32. A cell is a double; of
 * all tables the highest counts. Each worker writes to one of its own: so of two who note something for one cell at once
 * neither can put an older number over a newer one, without a lock that a dying thread could keep. The seed is that of
 * the hashes by which cells are chosen.
 *
 * A cell is written, by one call, before the request that it is about is answered, but not synced: it survives the
 * process; of a power failure that is not promised. Where there is no file, or not such a one, nothing that is on disk is
 * brought back. So one that cannot be written is removed.
 */

/** Its name in the directory of the disk tier. */
export const INVALIDATIONS_FILE = 'invalidations';

const HEADER: Bytes = 32;
const TABLE: Bytes = 8 * CELLS;
/**
 * What is written at once when it is made. Linux keeps what came in larger pieces so, and goes through all of one for each
 * cell: 4.6 µs for one, with these 0.5.
 */
const PIECE: Bytes = 64 * 1024;

const MAGIC = 0x7649_7450; // "PtIv"
const VERSION = 1;

/** What is known from before the start. */
export interface RestoredInvalidations {
  readonly seed: KeyHash;
  readonly cells: Float64Array;
}

export class InvalidationsFile {
  readonly #path: string;
  readonly #table: number;
  readonly #log: EventLog;
  readonly #cell = new Float64Array(1);
  #file: number | undefined;

  /**
   * Reads what is known, and makes the file if there is none that will do. Once, by control, before any worker.
   * `sequence`: the first number that will be given out; a cell above it is damaged, and all that is older counts as
   * invalid. A `problem`: with the next start nothing will be brought back.
   */
  static restore(
    directory: string,
    tables: number,
    sequence: number,
  ): RestoredInvalidations & { readonly problem: Error | undefined } {
    const path = join(directory, INVALIDATIONS_FILE);
    const found = read(path, sequence);
    const { seed, cells } = found ?? { seed: randomSeed(), cells: new Float64Array(CELLS).fill(sequence) };
    // One that will do is not written: the space for it might be gone.
    const problem = found !== undefined && found.tables >= tables ? undefined : make(path, tables, seed, cells);
    if (problem !== undefined) attempt(() => unlinkSync(path));
    return { seed, cells, problem };
  }

  /** For a worker. `table`: its number, from 0, and its own while it lives. */
  constructor(directory: string, table: number, log: EventLog) {
    this.#path = join(directory, INVALIDATIONS_FILE);
    this.#table = table;
    this.#log = log;
    try {
      this.#file = openSync(this.#path, 'r+');
    } catch (error) {
      // Control could not make it, and has said so; or another worker has removed it.
      if (!isMissing(error)) this.#giveUp(error);
    }
  }

  /** At once. Of one cell the numbers go up. What fails is logged once. */
  write(cell: number, sequence: number): void {
    if (this.#file === undefined) return;
    try {
      this.#cell[0] = sequence;
      const written = writeSync(this.#file, this.#cell, 0, 8, HEADER + this.#table * TABLE + 8 * cell);
      if (written < 8) throw new Error('no space left on device');
    } catch (error) {
      this.#giveUp(error);
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) attempt(() => closeSync(file));
  }

  #giveUp(error: unknown): void {
    this.close();
    const problem = attempt(() => unlinkSync(this.#path));
    // Another worker was quicker, and has said so.
    if (isMissing(problem)) return;
    const consequence = problem === undefined ? 'the next start takes nothing from disk' : 'it may come back from disk';
    this.#log.error('what requests make invalid cannot be remembered', { file: this.#path, consequence, error });
  }
}

/** `undefined`: there is none, or it is not what was written. */
function read(path: string, sequence: number): (RestoredInvalidations & { readonly tables: number }) | undefined {
  let bytes: Buffer | undefined;
  attempt(() => {
    bytes = readFileSync(path);
  });
  if (bytes === undefined || bytes.length < HEADER) return undefined;
  if (bytes.readUInt32LE(4) !== MAGIC || bytes.readUInt32LE(8) !== VERSION) return undefined;
  if (crc32(bytes.subarray(4, HEADER)) !== bytes.readUInt32LE(0)) return undefined;
  const tables = bytes.readUInt32LE(12);
  if (bytes.length !== HEADER + tables * TABLE) return undefined;
  const cells = new Float64Array(CELLS);
  for (let at = 0; at < tables * CELLS; at++) {
    const value = bytes.readDoubleLE(HEADER + 8 * at);
    const cell = at % CELLS;
    cells[cell] = Math.max(cells[cell] as number, value >= 0 && value <= sequence ? value : sequence);
  }
  return { seed: { high: bytes.readInt32LE(16), low: bytes.readInt32LE(20) }, cells, tables };
}

/** Whole or not at all. All of its space is taken from the first on. */
function make(path: string, tables: number, { high, low }: KeyHash, cells: Float64Array): Error | undefined {
  const bytes = Buffer.alloc(HEADER + tables * TABLE);
  bytes.writeUInt32LE(MAGIC, 4);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(tables, 12);
  bytes.writeInt32LE(high, 16);
  bytes.writeInt32LE(low, 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(4, HEADER)), 0);
  cells.forEach((value, cell) => {
    bytes.writeDoubleLE(value, HEADER + 8 * cell);
  });
  return attempt(() => {
    const next = `${path}.new`;
    const file = openSync(next, 'w', 0o600);
    try {
      for (let at = 0; at < bytes.length; at += PIECE) writeFileSync(file, bytes.subarray(at, at + PIECE));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
  });
}

function isMissing(problem: unknown): boolean {
  return (problem as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
