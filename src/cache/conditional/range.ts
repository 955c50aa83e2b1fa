import type { Ms } from '../../base/units.ts';
import type { CacheRequest } from '../message.ts';
import { listMembers } from '../select/field.ts';
import type { StoredResponse } from '../stored.ts';
import { ifRangeHolds } from './evaluate.ts';

/** Range requests (RFC 9110 §14) answered from what is stored. */

/** Places of the first and the last byte in the complete representation. */
export type ByteRange = readonly [first: number, last: number];

/** What is sent: in the order in which it was asked for, nothing twice (§15.3.7.2). */
export type Satisfied = readonly ByteRange[];

export type RangeOutcome =
  /** All of it by 200: no range was asked for, or none that is honoured. */
  | { readonly kind: 'whole' }
  /** 206. `complete`: the length of the whole, `undefined` if it is not known. */
  | { readonly kind: 'partial'; readonly ranges: Satisfied; readonly complete: number | undefined }
  /** 416 with `unsatisfiedRange`. */
  | { readonly kind: 'unsatisfiable'; readonly complete: number }
  /** What is stored is a part that does not have it all: ask the origin. */
  | { readonly kind: 'missing' };

/** A range as it was asked for (§14.1.2). Without `first` it is a suffix, and `last` is how many bytes. */
interface RangeSpec {
  readonly first: number | undefined;
  readonly last: number | undefined;
}

/** Who asks for more ranges gets the whole (§17.15). Readers of PDF ask for a few dozen. */
const RANGES_MAX = 64;

/** Ranges with no more than so many bytes between them are sent as one: the head of a part is longer (§15.3.7.2). */
const GAP_MAX = 80;

const WHOLE: RangeOutcome = Object.freeze({ kind: 'whole' });
const MISSING: RangeOutcome = Object.freeze({ kind: 'missing' });

/** `length` is that of the stored body. To be asked after `evaluate`, when that said `full` (§13.2.2). */
export function rangeOutcome(
  request: Pick<CacheRequest, 'method' | 'known'>,
  stored: Pick<StoredResponse, 'status' | 'fields' | 'etag' | 'lastModified' | 'responseTime' | 'part'>,
  length: number,
  now: Ms,
): RangeOutcome {
  const { range, ifRange } = request.known;
  const { part } = stored;
  if (range === undefined) return part === undefined ? WHOLE : MISSING;
  const honoured = request.method === 'GET' && (stored.status === 200 || part !== undefined);
  const specs = honoured && ifRangeHolds(ifRange, stored, now) ? parseRange(range) : undefined;
  if (specs === undefined) return part === undefined ? WHOLE : MISSING;
  if (part !== undefined) return partialFromPart(specs, part, length);
  // Nothing can be cut out of nothing, though a suffix of it is satisfiable (§14.1.2).
  if (length === 0) return specs.some(isSuffix) ? WHOLE : { kind: 'unsatisfiable', complete: 0 };
  return partial(satisfied(specs, length), length);
}

/** The value of Content-Range in a 416 (§14.4). */
export function unsatisfiedRange(complete: number): string {
  return `bytes */${complete}`;
}

/**
 * The ranges that a Range field asks for; `undefined` where it is to be ignored: a unit other than bytes (in any case,
 * §14.1), a syntax that is none, a last byte before the first, or too many.
 */
export function parseRange(value: string): readonly RangeSpec[] | undefined {
  if (!/^bytes=/i.test(value)) return undefined;
  const members = listMembers(value.slice('bytes='.length));
  if (members.length === 0 || members.length > RANGES_MAX) return undefined;
  const specs: RangeSpec[] = [];
  for (const member of members) {
    const match = /^(\d*)-(\d*)$/.exec(member);
    if (match === null || member === '-') return undefined;
    const spec = { first: position(match[1]), last: position(match[2]) };
    if (spec.first !== undefined && spec.last !== undefined && spec.first > spec.last) return undefined;
    specs.push(spec);
  }
  return specs;
}

/** A number too large to be exact, be it infinite, lies beyond the end of anything that is stored: no more is needed. */
function position(digits: string | undefined): number | undefined {
  return digits === undefined || digits === '' ? undefined : Number(digits);
}

function isSuffix({ first, last }: RangeSpec): boolean {
  return first === undefined && last !== 0;
}

/** What of it there is in a representation of `complete` bytes, which are more than none; nothing: unsatisfiable. */
export function satisfied(specs: readonly RangeSpec[], complete: number): Satisfied {
  const ranges = specs.flatMap(({ first, last }): ByteRange[] => {
    if (first === undefined) return last === 0 ? [] : [[Math.max(0, complete - (last ?? 0)), complete - 1]];
    return first >= complete ? [] : [[first, Math.min(last ?? complete - 1, complete - 1)]];
  });
  return coalesced(ranges);
}

/** Ranges that overlap, or nearly touch, become one in the place of the first of them. */
function coalesced(ranges: readonly ByteRange[]): Satisfied {
  if (ranges.length < 2) return ranges;
  const merged: { first: number; last: number; place: number }[] = [];
  const ascending = ranges.map(([first, last], place) => ({ first, last, place })).sort((a, b) => a.first - b.first);
  for (const range of ascending) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1 + GAP_MAX) {
      merged.push(range);
      continue;
    }
    before.last = Math.max(before.last, range.last);
    before.place = Math.min(before.place, range.place);
  }
  return merged.sort((a, b) => a.place - b.place).map(({ first, last }): ByteRange => [first, last]);
}

function partial(ranges: Satisfied, complete: number): RangeOutcome {
  return ranges.length === 0 ? { kind: 'unsatisfiable', complete } : { kind: 'partial', ranges, complete };
}

/** Of a whole whose length is not known, only ranges with a last byte that we have can be told to be complete. */
function partialFromPart(
  specs: readonly RangeSpec[],
  part: NonNullable<StoredResponse['part']>,
  length: number,
): RangeOutcome {
  const end = part.first + length;
  const { complete } = part;
  if (complete === undefined) {
    const bounded = specs.every(({ first, last }) => first !== undefined && last !== undefined && last < end);
    if (!bounded) return MISSING;
  }
  const ranges = satisfied(specs, complete ?? end);
  if (ranges.some(([first, last]) => first < part.first || last >= end)) return MISSING;
  return complete === undefined ? { kind: 'partial', ranges, complete } : partial(ranges, complete);
}
