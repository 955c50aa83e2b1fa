import type { RecordSet, WireName } from '../model.ts';
import { nameEnd } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';

/** Where the name stands in RDATA whose addresses whoever asked will want next (RFC 1034 §4.3.2, step 6). */
const TARGET_AT: ReadonlyMap<number, number> = new Map([
  [TYPE.NS, 0],
  [TYPE.MX, 2],
  [TYPE.SRV, 6],
  [TYPE.SVCB, 2], // RFC 9460 §4.1
  [TYPE.HTTPS, 2],
]);

/** The names that the records of a set lead to, but for the root: that is no host, or the owner itself (RFC 9460 §2.5). */
export function targetsOf(set: Pick<RecordSet, 'type' | 'rdatas'>): readonly WireName[] {
  const at = TARGET_AT.get(set.type);
  if (at === undefined) return [];
  return set.rdatas.flatMap(({ bytes }) => {
    const end = nameEnd(bytes, at);
    return end === undefined || end - at === 1 ? [] : [bytes.subarray(at, end)];
  });
}
