import type { Bytes } from '../../base/units.ts';
import { FoundRecord, type FoundSegment } from './found-record.ts';
import { isIntact, isOf, MAX_HEAD_AREA, RECORD_HEADER, readLayout } from './record.ts';
import { readAt, SEGMENT_HEADER } from './segment-file.ts';
import { chunkEnd, chunkEntries, chunkLength, isChunkIntact } from './segment-index.ts';

/** What is read at once as a rule: a thousand records of 1 KiB in an index, some hundred in a segment. */
const WINDOW: Bytes = 128 * 1024;

/** After a record longer than this only the next head is read: most of a window would be bodies. */
const SPARSE: Bytes = 64 * 1024;
const SPARSE_WINDOW: Bytes = 8 * 1024;

/** When nothing whole is in a smaller window. No head area, and no chunk of an index that we have written, is longer. */
const LARGEST_WINDOW: Bytes = 2 * MAX_HEAD_AREA;

/**
 * All whole records of a segment, some at a time: those that its index tells of, then, from where the index ends or is
 * no longer what was written, those that the segment itself has. Behind the first that is not whole and intact there is
 * nothing: it is where a kill came between, or a loss of power. Each lot is lent until the next one is asked for.
 */
export async function* recordsOf(segment: FoundSegment, index: number | undefined): AsyncGenerator<FoundRecord[]> {
  const window = Buffer.allocUnsafeSlow(LARGEST_WINDOW);
  const known = index === undefined ? SEGMENT_HEADER : yield* indexedRecords(segment, index, window);
  yield* scannedRecords(segment, known, window);
}

/** Returns up to where in the segment the index goes. */
async function* indexedRecords(
  segment: FoundSegment,
  index: number,
  window: Buffer,
): AsyncGenerator<FoundRecord[], Bytes> {
  let known = SEGMENT_HEADER;
  let size = WINDOW;
  for (let position = 0; ; ) {
    const { records, end, length } = indexWindow(segment, await filled(index, window.subarray(0, size), position));
    if (length === 0 && size === LARGEST_WINDOW) return known;
    size = length === 0 ? LARGEST_WINDOW : WINDOW;
    if (length === 0) continue;
    yield records;
    position += length;
    known = end;
  }
}

async function* scannedRecords(segment: FoundSegment, from: Bytes, window: Buffer): AsyncGenerator<FoundRecord[]> {
  let known = from;
  let size = WINDOW;
  while (known + RECORD_HEADER <= segment.size) {
    const { records, end } = segmentWindow(segment, await filled(segment.fd, window.subarray(0, size), known), known);
    if (records.length === 0 && size === LARGEST_WINDOW) return;
    if (records.length === 0) size = LARGEST_WINDOW;
    else size = end - known > SPARSE * records.length ? SPARSE_WINDOW : WINDOW;
    yield records;
    known = end;
  }
}

/** The intact chunks that a piece of an index begins with. */
function indexWindow(segment: FoundSegment, bytes: Buffer): { records: FoundRecord[]; end: Bytes; length: Bytes } {
  const records: FoundRecord[] = [];
  let end = SEGMENT_HEADER;
  let at = 0;
  for (;;) {
    const length = chunkLength(bytes, at, segment.identity);
    if (length === undefined || at + length > bytes.length) break;
    const chunk = bytes.subarray(at, at + length);
    if (!isChunkIntact(chunk)) break;
    for (const entry of chunkEntries(chunk)) {
      // The segment may be shorter than it was: its end may be lost where its index is not.
      if (entry.offset + entry.length <= segment.size) records.push(FoundRecord.indexed(segment, entry));
    }
    end = chunkEnd(chunk);
    at += length;
  }
  return { records, end, length: at };
}

/** The intact records that a piece of a segment begins with; `end` is the offset behind the last of them. */
function segmentWindow(segment: FoundSegment, bytes: Buffer, from: Bytes): { records: FoundRecord[]; end: Bytes } {
  const records: FoundRecord[] = [];
  let end = from;
  while (end - from + RECORD_HEADER <= bytes.length) {
    const at = end - from;
    const layout = readLayout(bytes, at);
    if (layout === undefined || at + layout.bodyAt > bytes.length || end + layout.length > segment.size) break;
    if (!isOf(bytes, at, segment.identity) || !isIntact(bytes, at, layout, end)) break;
    records.push(FoundRecord.scanned(segment, end, bytes, at, layout));
    end += layout.length;
  }
  return { records, end };
}

/** As much of `window` as the file fills. */
async function filled(fd: number, window: Buffer, position: Bytes): Promise<Buffer> {
  return window.subarray(0, await readAt(fd, window, window.length, position));
}
