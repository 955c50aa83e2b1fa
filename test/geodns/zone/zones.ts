import type { RecordSet } from '../../../src/geodns/model.ts';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { rdataToText } from '../../../src/geodns/wire/rdata.ts';
import { typeToText } from '../../../src/geodns/wire/types.ts';
import { buildZone } from '../../../src/geodns/zone/build.ts';
import type { GeoEntry } from '../../../src/geodns/zone/draft.ts';
import { readMasterFile } from '../../../src/geodns/zone/master-file.ts';
import { Findings } from '../../../src/geodns/zone/record.ts';
import type { Zone } from '../../../src/geodns/zone/zone.ts';
import { name } from '../names.ts';

/** A zone of a text, or undefined, and what there is to be told of it. The file is called `zone`. */
export function readZone(
  apex: string,
  text: string,
  geo: readonly GeoEntry[] = [],
): { readonly zone: Zone | undefined; readonly findings: Findings } {
  const findings = new Findings();
  const { records } = readMasterFile('zone', name(apex), findings, () => text);
  return { zone: buildZone({ name: name(apex), records, geo, where: 'zone' }, findings), findings };
}

/** A zone that is known to be sound. */
export function zoneOf(apex: string, text: string, geo: readonly GeoEntry[] = []): Zone {
  const { zone, findings } = readZone(apex, text, geo);
  if (zone === undefined) throw new Error(findings.problems.join('\n'));
  return zone;
}

/** Record by record, as a master file has them. */
export function recordsOf(sets: readonly RecordSet[]): string[] {
  return sets.flatMap(({ owner, ttl, type, rdatas }) =>
    rdatas.map(({ bytes }) => `${nameToText(owner)} ${ttl} ${typeToText(type)} ${rdataToText(type, bytes)}`),
  );
}
