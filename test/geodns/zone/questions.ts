import type { Resolution } from '../../../src/geodns/model.ts';
import { rcodeToText, typeFromText } from '../../../src/geodns/wire/types.ts';
import { resolve } from '../../../src/geodns/zone/resolve.ts';
import { ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { name } from '../names.ts';
import { recordsOf, zoneOf } from './zones.ts';

/** What zones of these tests begin with. */
export const HEAD = '$TTL 60\n@ SOA a. b. 1 1 1 1 30\n@ NS ns.other.\n';

/** Of the zone `example.`, as negative answers have it. */
export const SOA = 'example. 30 SOA a. b. 1 1 1 1 30';

/** What a plain answer has unless said otherwise. */
export const PLAIN = {
  rcode: 'NOERROR',
  authoritative: true,
  answer: [] as string[],
  authority: [] as string[],
  additional: [] as string[],
  glue: 0,
  scope: 0,
};

export function zonesOf(texts: Record<string, string>): ZoneSet {
  return new ZoneSet(Object.entries(texts).map(([apex, text]) => zoneOf(apex, HEAD + text.replaceAll(/^ +/gm, ''))));
}

/** `www.example. A` */
export function ask(
  zones: ZoneSet,
  question: string,
  address: Uint8Array = Uint8Array.from([192, 0, 2, 99]),
): Resolution {
  const [qname, qtype] = question.split(' ') as [string, string];
  return resolve(zones, name(qname), typeFromText(qtype) as number, { address, prefix: 32 });
}

export function seen({ rcode, answer, authority, additional, ...rest }: Resolution) {
  return {
    rcode: rcodeToText(rcode),
    answer: recordsOf(answer),
    authority: recordsOf(authority),
    additional: recordsOf(additional),
    ...rest,
  };
}
