import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { attempt } from '../../base/attempt.ts';
import type { Ms } from '../../base/units.ts';
import type { Ban, PurgeOrder } from './order.ts';

/**
 * The journal of purges beside the objects on disk: what was purged stays so when the process was killed. Text, one
 * record a line, the CRC-32 of the rest before it:
 *
 *     6b2e8f01 [1789000000000001,"hard","url","https://www.example.com/"]
 *     0c94d7aa [1789000000000002,"soft","all"]
 *     91f3007e [1793294967296003,"mark"]
 *
 * The mark is a number that none given out has reached, for a clock that was set back. Records are written before a
 * purge is told to be done, but not synced: they survive the process; of a power failure that is not promised.
 */

/** Its name in the directory of the disk tier. */
export const JOURNAL_FILE = 'purges.journal';

/** How far ahead the mark is: 71 minutes, as numbers keep up with the clock. Who reads the disk sees to later ones. */
const MARK_AHEAD = 2 ** 32;

/** What is known from before the start. */
export interface Restored {
  /** In the order of their numbers. */
  readonly bans: readonly Ban[];
  /** The first number to give out. */
  readonly sequence: number;
}

export class BanJournal {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, JOURNAL_FILE);
  }

  /**
   * Reads what was purged, and writes it anew without what is torn or outdated. Once, before anyone appends. Where the
   * journal cannot be read, or is damaged, everything that is as old counts as purged. A `problem`: what is purged from
   * now on may not be remembered.
   */
  restore(now: Ms): Restored & { readonly problem: Error | undefined } {
    const { text, problem } = this.#read();
    const { bans, last, damaged } = parseJournal(text);
    const sequence = Math.max(Math.floor(now) * 1000, last + 1) + 1;
    const lost: Ban[] =
      damaged || problem !== undefined ? [{ order: { kind: 'all' }, soft: false, sequence: sequence - 1 }] : [];
    const known = [...bans, ...lost];
    return { bans: known, sequence, problem: problem ?? this.rewrite(known, sequence) };
  }

  /** At once, or with the reason why not. Callers take turns. */
  append(bans: readonly Ban[]): Error | undefined {
    return attempt(() => {
      const file = openSync(this.#file, 'a', 0o600);
      try {
        appendWhole(file, Buffer.from(`\n${bans.map(lineOf).join('')}`));
      } finally {
        closeSync(file);
      }
    });
  }

  /** Puts these in place of all it has. When it fails, what was there is still there. */
  rewrite(bans: readonly Ban[], sequence: number): Error | undefined {
    return attempt(() => {
      const next = `${this.#file}.new`;
      const file = openSync(next, 'w', 0o600);
      try {
        writeFileSync(file, bans.map(lineOf).join('') + line([sequence + MARK_AHEAD, 'mark']));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(next, this.#file);
    });
  }

  #read(): { readonly text: string; readonly problem: Error | undefined } {
    let text = '';
    const problem = attempt(() => {
      text = readFileSync(this.#file, 'utf8');
    });
    const missing = (problem as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    return { text, problem: missing ? undefined : problem };
  }
}

/**
 * What a journal says. `last`: the greatest number in it. A last line without an end was never told to be done, and is
 * left out. A damaged line elsewhere said something that we do not know: what is older than the next line counts as
 * purged; `damaged`, if there is none.
 */
export function parseJournal(text: string): { bans: Ban[]; last: number; damaged: boolean } {
  const bans: Ban[] = [];
  let last = 0;
  let damaged = false;
  for (const each of text.split('\n').slice(0, -1)) {
    if (each === '') continue;
    const record = readLine(each);
    if (record === undefined) {
      damaged = true;
      continue;
    }
    last = Math.max(last, record.sequence);
    if (record.ban === undefined) continue;
    if (damaged) bans.push({ order: { kind: 'all' }, soft: false, sequence: record.sequence });
    damaged = false;
    bans.push(record.ban);
  }
  return { bans, last, damaged };
}

function lineOf({ order, soft, sequence }: Ban): string {
  const text = order.kind === 'all' ? [] : [order.text];
  return line([sequence, soft ? 'soft' : 'hard', order.kind, ...text]);
}

function line(record: readonly unknown[]): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function readLine(text: string): { readonly sequence: number; readonly ban: Ban | undefined } | undefined {
  const json = text.slice(9);
  if (text.slice(0, 9) !== `${checksum(json)} `) return undefined;
  // With the right checksum it is what we wrote.
  const [sequence, how, kind, value] = JSON.parse(json) as [number, string, PurgeOrder['kind'], string];
  if (how === 'mark') return { sequence, ban: undefined };
  const order: PurgeOrder = kind === 'all' ? { kind } : { kind, text: value };
  return { sequence, ban: { order, soft: how === 'soft', sequence } };
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** All of it or, as far as the system lets us, nothing. */
function appendWhole(file: number, bytes: Buffer): void {
  const { size } = fstatSync(file);
  try {
    const written = writeSync(file, bytes);
    if (written < bytes.length) throw new Error('no space left on device');
  } catch (error) {
    attempt(() => ftruncateSync(file, size));
    throw error;
  }
}
