import { close, fstat, open } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { FoundRecord, FoundSegment } from './found-record.ts';
import { indexPath, readAt, readSegmentHeader, SEGMENT_HEADER, segmentPath } from './segment-file.ts';
import { recordsOf } from './segment-scan.ts';
import type { Forget } from './segment-space.ts';
import type { Segments } from './segments.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const stat = promisify(fstat);

/** How long others wait for the event loop at a time. */
const SLICE: Ms = 5;

/**
 * Told of each record that is found and has not expired. Segments come newest first, the records of one in the order in
 * which they were written; of several with one key the highest sequence counts, whichever comes first.
 */
export type RecordSink = (record: FoundRecord) => void;

export interface RecoveryOptions {
  readonly directory: string;
  readonly segments: Segments;
  /** Those that were there at the start. */
  readonly numbers: readonly number[];
  readonly sink: RecordSink;
  readonly forget: Forget;
  readonly log: EventLog;
  readonly now: () => Ms;
  /** Whether it is no longer wanted. */
  readonly isCancelled: () => boolean;
}

export interface Recovered {
  readonly segments: number;
  readonly records: number;
  readonly expired: number;
  /** Segments that could not be read, or have another version; they are left until their turn to be evicted. */
  readonly unreadable: number;
}

/** Finds what former processes stored, while the event loop goes on with other things. Never rejects. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { segments, numbers, forget, isCancelled } = options;
  const recovered = { segments: 0, records: 0, expired: 0, unreadable: 0 };
  for (const number of numbers.toSorted((a, b) => b - a)) {
    if (isCancelled()) break;
    if (!segments.isLive(number)) continue;
    try {
      if (await recoverSegment(options, number, recovered)) recovered.segments++;
      else recovered.unreadable++;
    } catch (error) {
      if (segments.isLive(number)) {
        recovered.unreadable++;
        options.log.warn('disk cache segment cannot be read', { file: segmentPath(options.directory, number), error });
      }
    }
    // Evicted meanwhile: some of its records were told of after it had been forgotten.
    if (!segments.isLive(number)) forget(number);
  }
  return recovered;
}

/** `false` when it is no segment that this version can read. */
async function recoverSegment(
  options: RecoveryOptions,
  number: number,
  counts: { records: number; expired: number },
): Promise<boolean> {
  const { directory, segments, sink, now, isCancelled } = options;
  const fd = await openFile(segmentPath(directory, number), 'r');
  const index = await openFile(indexPath(directory, number), 'r').catch(() => undefined);
  try {
    const segment = await foundSegment(number, fd);
    if (segment === undefined) return false;
    for await (const records of recordsOf(segment, index)) {
      const time = now();
      let since = performance.now();
      for (const record of records) {
        if (record.expiresAt <= time) {
          counts.expired++;
          continue;
        }
        sink(record);
        counts.records++;
        if (performance.now() - since < SLICE) continue;
        await setImmediate();
        since = performance.now();
      }
      if (isCancelled() || !segments.isLive(number)) break;
    }
    return true;
  } finally {
    await closeFile(fd);
    if (index !== undefined) await closeFile(index);
  }
}

async function foundSegment(number: number, fd: number): Promise<FoundSegment | undefined> {
  const header = Buffer.alloc(SEGMENT_HEADER);
  await readAt(fd, header, SEGMENT_HEADER, 0);
  const identity = readSegmentHeader(header, number);
  return identity && { number, identity, fd, size: (await stat(fd)).size };
}
