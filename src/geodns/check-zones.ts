import type { ZoneSettings } from './config.ts';
import { nameKey } from './wire/name.ts';
import { checkAliases } from './zone/check-aliases.ts';
import type { ReadText } from './zone/master-file.ts';
import { readTextFile } from './zone/read-text.ts';
import { Findings, type ZoneFinding } from './zone/record.ts';
import { type ZoneSource, zoneOfSource, zoneSource } from './zone/settings.ts';
import type { Zone } from './zone/zone.ts';

/** What is wrong with a zone, for whoever checks a configuration. */
export interface ZoneProblem {
  /** Of the setting, from the top of the configuration. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly severity?: 'warning';
  /** It is in a file that the setting names, or that this one includes: `FILE`, or `FILE:LINE`. */
  readonly elsewhere?: string;
}

/** Reads all zones, and the files that they name. File names are absolute here. */
export function* checkZones(zones: readonly ZoneSettings[], readText: ReadText = readTextFile): Generator<ZoneProblem> {
  const seen = new Map<string, number>();
  for (const [index, { source, findings }] of readZones(zones, readText).entries()) {
    if (source !== undefined) {
      const first = seen.get(nameKey(source.name));
      if (first === undefined) seen.set(nameKey(source.name), index);
      else {
        const message = `${JSON.stringify(zones[index]?.name)} is already at ${zoneWhere(first)}.name, expected it once`;
        yield { path: ['dns', 'zones', index, 'name'], message };
      }
    }
    const { problems, warnings } = findings.found;
    yield* problems.map((finding) => problemOf(finding, index));
    for (const finding of warnings) yield { ...problemOf(finding, index), severity: 'warning' };
  }
}

/** What became of a zone of the settings. */
export interface ReadZone {
  readonly settings: ZoneSettings;
  /** `undefined`: it cannot be read. */
  readonly source: ZoneSource | undefined;
  /** `undefined`: it has problems. */
  readonly zone: Zone | undefined;
  readonly findings: Findings;
}

/** All zones, checked each by itself, and what they have of one another. */
export function readZones(zones: readonly ZoneSettings[], readText: ReadText): readonly ReadZone[] {
  const read = zones.map((settings, index): ReadZone => {
    const findings = new Findings();
    const source = zoneSource(settings, zoneWhere(index), findings, readText);
    return { settings, source, zone: source && zoneOfSource(source, findings), findings };
  });
  checkAliases(
    read.flatMap(({ source, zone, findings }) =>
      source === undefined || zone === undefined ? [] : [{ zone, records: source.records, findings }],
    ),
  );
  return read;
}

/** How the place of a zone in the settings is called. */
export function zoneWhere(index: number): string {
  return `dns.zones[${index}]`;
}

function problemOf({ where, what }: ZoneFinding, index: number): ZoneProblem {
  if (where.startsWith(zoneWhere(index))) return { path: pathOf(where), message: what };
  return { path: ['dns', 'zones', index, 'file'], message: what, elsewhere: where };
}

/** `dns.zones[0].records[1]`: no key within a zone has a dot or a bracket in it. */
function pathOf(where: string): (string | number)[] {
  return [...where.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([key, index]) => (index === undefined ? key : Number(index)));
}
