import { NSCOUNT_AT, POINTER, u16 } from '../wire/message.ts';
import { TYPE } from '../wire/types.ts';

/**
 * Whether the SOA record in the authority section of an IXFR query, which was read already, is ours or a later one (RFC
 * 1995 §2, §3). Who has none gets the whole zone. Differences between versions are not kept.
 */
export function isCurrent(query: Buffer, questionEnd: number, serial: number): boolean {
  if (u16(query, NSCOUNT_AT) === 0) return false;
  const fixed = ownerEnd(query, questionEnd);
  const length = u16(query, fixed + 8);
  if (u16(query, fixed) !== TYPE.SOA || length < SHORTEST_SOA) return false;
  return !isBehind(query.readUInt32BE(fixed + 10 + length - NUMBERS), serial);
}

/** At the end of a SOA record, the serial first; before them are two names (RFC 1035 §3.3.13). */
const NUMBERS = 20;
const SHORTEST_SOA = 2 + NUMBERS;

function ownerEnd(query: Buffer, start: number): number {
  for (let at = start; ; ) {
    const label = query[at] as number;
    if (label === 0) return at + 1;
    if (label >= POINTER >>> 8) return at + 2;
    at += 1 + label;
  }
}

/** RFC 1982 §3.2: serials go round. */
function isBehind(theirs: number, ours: number): boolean {
  return theirs !== ours && (ours - theirs) >>> 0 <= 2 ** 31;
}
