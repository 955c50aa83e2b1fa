import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { attempt } from '../../base/attempt.ts';
import type { Bytes } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { Position } from './purge-log.ts';

/**
 * How far this node has applied the purge log of each sibling, in a file beside the objects on disk: records of 128 bytes,
 * little-endian, each for one sibling by its ADDRESS:PORT.
 *
 *      0          4         8        16      20        36       37              128
 *     +----------+---------+--------+-------+----------+--------+---------------+
 *     | checksum | "PtPo"  | number | check | instance | length | ADDRESS:PORT  |
 *     +----------+---------+--------+-------+----------+--------+---------------+
 *
 * The checksum is the CRC-32 of what comes after it. A record is written in its place, by one call, after what was purged
 * is in the journal and before the sibling is told so: what a kill comes between is applied once more. As the journal, it
 * is not synced. A file with a record that is not what was written says nothing of any sibling.
 */

/** Its name in the directory of the disk tier. */
export const POSITIONS_FILE = 'siblings.applied';

const RECORD: Bytes = 128;
const TEXT_AT: Bytes = 37;
const TEXT_MAX: Bytes = RECORD - TEXT_AT;
const MAGIC = 0x6f50_7450; // "PtPo"
/** Siblings that are not in the configuration any more are remembered too, for when they are again. */
const RECORDS_MAX = 64;

/** Positions by ADDRESS:PORT. Without a directory they are kept in memory alone: then nothing else outlives it either. */
export class Positions {
  /** The file was damaged: whatever is on disk may have been purged elsewhere. */
  readonly isLost: boolean;
  readonly #path: string | undefined;
  readonly #log: EventLog;
  readonly #known = new Map<string, Position>();
  /** Which record a sibling has. */
  readonly #places = new Map<string, number>();
  #file: number | undefined;
  #isFrozen: boolean;

  constructor(directory: string | undefined, log: EventLog) {
    this.#log = log;
    this.#path = directory === undefined ? undefined : join(directory, POSITIONS_FILE);
    const found = this.#path === undefined ? new Map<string, Position>() : read(this.#path);
    this.isLost = found === undefined;
    this.#isFrozen = this.#path === undefined;
    for (const [peer, position] of found ?? []) this.#known.set(peer, position);
  }

  of(peer: string): Position | undefined {
    return this.#known.get(peer);
  }

  /** In the file when this returns, if there is one that can be written. */
  note(peer: string, position: Position): void {
    // At the end: who was heard of last is forgotten last.
    this.#known.delete(peer);
    this.#known.set(peer, position);
    if (this.#isFrozen) return;
    const error = attempt(() => {
      if (this.#file === undefined || !this.#places.has(peer)) this.#rewrite();
      else this.#write(this.#file, peer, position);
    });
    if (error === undefined) return;
    this.freeze();
    // What the file has is older than what was applied.
    const consequence = 'the next start applies it again';
    this.#log.error('what siblings purged cannot be noted', { file: this.#path, consequence, error });
  }

  /**
   * From now on the file is behind, as what was purged is in no journal: with the next start the purges after it are applied
   * again.
   */
  freeze(): void {
    this.#isFrozen = true;
    this.#closeFile();
  }

  close(): void {
    this.freeze();
  }

  #write(file: number, peer: string, position: Position): void {
    const place = this.#places.get(peer) as number;
    const written = writeSync(file, recordOf(peer, position), 0, RECORD, place * RECORD);
    if (written < RECORD) throw new Error('no space left on device');
  }

  /** All records anew. */
  #rewrite(): void {
    if (this.#path === undefined) return;
    this.#closeFile();
    for (const peer of [...this.#known.keys()].slice(0, -RECORDS_MAX)) this.#known.delete(peer);
    const next = `${this.#path}.new`;
    const file = openSync(next, 'w', 0o600);
    try {
      this.#places.clear();
      for (const peer of this.#known.keys()) this.#places.set(peer, this.#places.size);
      const bytes = Buffer.concat([...this.#known].map(([peer, position]) => recordOf(peer, position)));
      if (writeSync(file, bytes) < bytes.length) throw new Error('no space left on device');
      fsyncSync(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    renameSync(next, this.#path);
    this.#file = file;
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) attempt(() => closeSync(file));
  }
}

/** Without a file, nothing is known. `undefined`: it is damaged. */
function read(path: string): Map<string, Position> | undefined {
  let bytes = Buffer.alloc(0);
  const problem = attempt(() => {
    bytes = readFileSync(path);
  }) as NodeJS.ErrnoException | undefined;
  if (problem !== undefined) return problem.code === 'ENOENT' ? new Map() : undefined;
  const found = new Map<string, Position>();
  for (let at = 0; at < bytes.length; at += RECORD) {
    const record = bytes.subarray(at, at + RECORD);
    if (record.length < RECORD || crc32(record.subarray(4)) !== record.readUInt32LE(0)) return undefined;
    if (record.readUInt32LE(4) !== MAGIC) return undefined;
    const peer = record.toString('latin1', TEXT_AT, TEXT_AT + record.readUInt8(36));
    const instance = record.toString('hex', 20, 36);
    found.set(peer, { instance, number: record.readDoubleLE(8), check: record.readUInt32LE(16) });
  }
  return found;
}

function recordOf(peer: string, { instance, number, check }: Position): Buffer {
  const record = Buffer.alloc(RECORD);
  record.writeUInt32LE(MAGIC, 4);
  record.writeDoubleLE(number, 8);
  record.writeUInt32LE(check, 16);
  record.write(instance, 20, 'hex');
  record.writeUInt8(record.write(peer.slice(0, TEXT_MAX), TEXT_AT, 'latin1'), 36);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
  return record;
}
