import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import type { Bytes } from '../../base/units.ts';
import { indexPath, parseSegmentName, SEGMENT_HEADER, segmentPath } from './segment-file.ts';

export interface FoundSegments {
  /** The oldest first, each with its index's size. */
  readonly segments: readonly { readonly number: number; readonly size: Bytes }[];
  /** The highest number that any file has, 0 without any. */
  readonly newest: number;
}

/**
 * What is in a directory at the start, by names and sizes. Segments that were just begun, and indexes without segment,
 * are removed; files with other names are not ours. Throws when the directory cannot be read.
 */
export function findSegments(directory: string): FoundSegments {
  const segments: { number: number; size: Bytes }[] = [];
  const indexes = new Set<number>();
  let newest = 0;
  for (const name of readdirSync(directory)) {
    const parsed = parseSegmentName(name);
    if (parsed === undefined) continue;
    newest = Math.max(newest, parsed.number);
    if (parsed.kind === 'idx') indexes.add(parsed.number);
    else segments.push({ number: parsed.number, size: fileSize(segmentPath(directory, parsed.number)) });
  }
  const found: { number: number; size: Bytes }[] = [];
  for (const { number, size } of segments.sort((a, b) => a.number - b.number)) {
    const path = indexPath(directory, number);
    const isEmpty = size <= SEGMENT_HEADER;
    if (isEmpty) removeIfPossible(segmentPath(directory, number));
    else found.push({ number, size: size + (indexes.delete(number) ? fileSize(path) : 0) });
  }
  for (const number of indexes) removeIfPossible(indexPath(directory, number));
  return { segments: found, newest };
}

export function removeSegment(directory: string, number: number): void {
  removeIfPossible(segmentPath(directory, number));
  removeIfPossible(indexPath(directory, number));
}

/** 0 for what is no file, or gone. */
function fileSize(path: string): Bytes {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : 0;
}

function removeIfPossible(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It stays where it is, for the next start to try again.
  }
}
