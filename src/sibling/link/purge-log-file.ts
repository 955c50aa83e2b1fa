import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { attempt } from '../../base/attempt.ts';
import { makeDirectory } from '../../base/secret-file.ts';
import type { Ms } from '../../base/units.ts';
import type { PurgeOrder } from '../../cache/purge/order.ts';
import { decodeOrders, encodeOrders } from './orders.ts';

/**
 * The file of the purge log. Text, one record a line, the CRC-32 of the rest before it:
 *
 *     6b2e8f01 ["log","5f0c…",1200,1789412607,1789000000000]
 *     0c94d7aa ["peer","10.0.1.3:3130"]
 *     91f3007e [1201,1789000001234,"hard",[["url","https://www.example.com/"]]]
 *
 * The first line says which log it is, up to which number its purges were folded, the checksum of that one, and when it
 * was made. The others are who is known to be a Portico node, and purges in the order of their numbers: number, epoch
 * milliseconds, how, what for.
 *
 * A line is written before anybody is told of it, but not synced: it survives the process; of a power failure that is not
 * promised. What a sibling was told and the file has lost is noticed by the checksum, as no two lines have the same.
 */

/** Its name in `state_dir`. */
export const PURGE_LOG_FILE = 'purges.log';

/** A purge of the log. */
export interface LoggedPurge {
  readonly number: number;
  /** The CRC-32 of its line: another purge that got its number has another one. */
  readonly check: number;
  /** Epoch milliseconds. */
  readonly time: Ms;
  readonly soft: boolean;
  readonly orders: readonly PurgeOrder[];
  /** Bytes of its line, more or less. */
  readonly size: number;
}

/** What is not in the log any more: purges up to `number`, the last of which had this checksum and was made at this time. */
export interface Folded {
  readonly number: number;
  readonly check: number;
  readonly time: Ms;
}

export interface LogContent {
  readonly instance: string;
  readonly folded: Folded;
  readonly peers: readonly string[];
  readonly purges: readonly LoggedPurge[];
}

/** `damaged`: what it said is not known. `torn`: the end of its last line is missing, of which nobody was told. */
export type ReadLog =
  | { readonly kind: 'log'; readonly content: LogContent; readonly torn: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly problem: Error };

export class PurgeLogFile {
  readonly path: string;
  #file: number | undefined;

  constructor(directory: string) {
    this.path = join(directory, PURGE_LOG_FILE);
  }

  read(): ReadLog {
    let text = '';
    const problem = attempt(() => {
      text = readFileSync(this.path, 'utf8');
    }) as NodeJS.ErrnoException | undefined;
    if (problem?.code === 'ENOENT') return { kind: 'missing' };
    if (problem !== undefined) return { kind: 'damaged', problem };
    const content = parseLog(text);
    if (content === undefined) return { kind: 'damaged', problem: new Error('it is not what was written') };
    return { kind: 'log', content, torn: !text.endsWith('\n') };
  }

  /** Adds lines, all of them or none. Throws when it cannot. */
  append(lines: string): void {
    const file = this.#file ?? openSync(this.path, 'a', 0o600);
    this.#file = file;
    const { size } = fstatSync(file);
    const bytes = Buffer.from(lines);
    try {
      if (writeSync(file, bytes) < bytes.length) throw new Error('no space left on device');
    } catch (error) {
      attempt(() => ftruncateSync(file, size));
      throw error;
    }
  }

  /** Puts this in place of all it has. Throws when it cannot; what was there is still there then. */
  rewrite(content: LogContent): void {
    makeDirectory(dirname(this.path));
    const next = `${this.path}.new`;
    const file = openSync(next, 'w', 0o600);
    try {
      fchmodSync(file, 0o600);
      const bytes = Buffer.from(textOf(content));
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, this.path);
    this.close();
  }

  /** With the next start there is none. Returns why that is not so. */
  remove(): Error | undefined {
    this.close();
    return attempt(() => unlinkSync(this.path));
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) attempt(() => closeSync(file));
  }
}

/** What the file will have of a purge. */
export function logged(number: number, time: Ms, soft: boolean, orders: readonly PurgeOrder[]): LoggedPurge {
  const json = jsonOf({ number, time, soft, orders });
  return { number, check: crc32(json), time, soft, orders, size: json.length };
}

export function purgeLine(purge: LoggedPurge): string {
  return line(jsonOf(purge));
}

export function peerLine(peer: string): string {
  return line(JSON.stringify(['peer', peer]));
}

/** `undefined`: it is damaged beyond a torn end. */
export function parseLog(text: string): LogContent | undefined {
  const [first, ...rest] = text.split('\n').slice(0, -1).map(readLine);
  const head = first?.values;
  if (head?.[0] !== 'log') return undefined;
  const [, instance, number, check, time] = head as [string, string, number, number, Ms];
  const peers: string[] = [];
  const purges: LoggedPurge[] = [];
  for (const each of rest) {
    if (each === undefined) return undefined;
    if (each.values[0] === 'peer') peers.push(each.values[1] as string);
    else purges.push(purgeOf(each));
  }
  if (purges.some((purge, index) => purge.number !== number + index + 1)) return undefined;
  return { instance, folded: { number, check, time }, peers, purges };
}

interface Line {
  readonly json: string;
  readonly values: readonly unknown[];
}

function textOf({ instance, folded, peers, purges }: LogContent): string {
  const head = line(JSON.stringify(['log', instance, folded.number, folded.check, folded.time]));
  return [head, ...peers.map(peerLine), ...purges.map(purgeLine)].join('');
}

function jsonOf({ number, time, soft, orders }: Pick<LoggedPurge, 'number' | 'time' | 'soft' | 'orders'>): string {
  return JSON.stringify([number, time, soft ? 'soft' : 'hard', encodeOrders(orders)]);
}

function line(json: string): string {
  return `${hex(crc32(json))} ${json}\n`;
}

/** With the right checksum it is what we wrote. */
function readLine(text: string): Line | undefined {
  const json = text.slice(9);
  if (text.slice(0, 9) !== `${hex(crc32(json))} `) return undefined;
  return { json, values: JSON.parse(json) as readonly unknown[] };
}

function purgeOf({ json, values }: Line): LoggedPurge {
  const [number, time, how, orders] = values as [number, Ms, string, unknown];
  return {
    number,
    check: crc32(json),
    time,
    soft: how === 'soft',
    orders: decodeOrders(orders) ?? [{ kind: 'all' }],
    size: json.length,
  };
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
