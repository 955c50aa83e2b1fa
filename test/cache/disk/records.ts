import { createCipheriv, createHash } from 'node:crypto';
import type { DiskRecord } from '../../../src/cache/disk/disk-record.ts';
import { BLOCK, type NewRecord } from '../../../src/cache/disk/record.ts';

/** Records that are known by their number: also for processes and threads that tests start. */

export const MIB = 1024 * 1024;

/** `n` bytes that depend on a seed: a cipher's key stream, which is the quickest noise that can be made again. */
export function noise(seed: number, n: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(seed);
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), counter).update(Buffer.alloc(n));
}

/** Numbers from 0 to 1 that are the same each time. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface RecordShape {
  readonly body?: number;
  readonly head?: number;
  readonly pieces?: number;
  readonly expiresAt?: number;
}

/** The record number `seed`: all of it follows from that and its lengths. Its body is in pieces of shared memory. */
export function recordOf(
  seed: number,
  { body = 1024, head = 300, pieces = 3, expiresAt = Infinity }: RecordShape = {},
): NewRecord {
  const shared = Buffer.from(new SharedArrayBuffer(Math.max(body, 1)), 0, body);
  noise(seed, body).copy(shared);
  const step = Math.max(1, Math.ceil(body / pieces));
  const list: Buffer[] = [];
  for (let at = 0; at < body; at += step) list.push(shared.subarray(at, Math.min(body, at + step)));
  return { key: keyOf(seed), head: noise(seed + 7, head), body: list, sequence: seed, expiresAt };
}

/** Lengths that differ from one record to the next; some bodies have several blocks. */
export function shapeOf(i: number): RecordShape {
  return { body: i % 17 === 0 ? 2 * BLOCK + i : (i * 331) % 5000, head: 20 + ((i * 57) % 900) };
}

/** The same, with some that are written in several pieces. */
export function longShapeOf(i: number): RecordShape {
  return i % 23 === 0 ? { body: 3 * MIB + i } : shapeOf(i);
}

export function keyOf(seed: number): Buffer {
  return Buffer.from(`https://www.example.com/${'p'.repeat(seed % 40)}/${seed}`);
}

/** A record in one line of text, to be compared. */
export function digestOf({ key, head, body }: NewRecord): string {
  return digest(key, head, body);
}

export function digest(key: Buffer, head: Buffer, body: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of [key, head, ...body]) hash.update(piece);
  return `${key} ${hash.digest('hex').slice(0, 16)}`;
}

/** A whole body, or how reading it ended. */
export async function bodyOf(record: DiskRecord, from = 0, to = record.bodyLength): Promise<Buffer | string> {
  const pieces: Buffer[] = [];
  const outcome = await record.readBody(from, to, (piece) => {
    pieces.push(piece);
    return true;
  });
  return outcome === 'done' ? Buffer.concat(pieces) : outcome;
}
