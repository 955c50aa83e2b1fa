import type { Ms } from '../../base/units.ts';
import type { RecordSettings, ZoneSettings } from '../config.ts';
import type { GeoRecord, Ttl, WireName } from '../model.ts';
import { isWithin, nameFromText, nameKey, nameToText, ROOT } from '../wire/name.ts';
import { Problem } from '../wire/problem.ts';
import { buildZone } from './build.ts';
import { configuredRecords, configuredSoa, ownerFromText, type RecordEntry } from './configured.ts';
import type { GeoEntry } from './draft.ts';
import { type MasterFile, type ReadText, readMasterFile } from './master-file.ts';
import type { Findings, ZoneRecord } from './record.ts';
import type { Zone } from './zone.ts';

/** A zone of the settings, read: its records, and which of its names are geographic. */
export interface ZoneSource {
  readonly name: WireName;
  /** With the SOA. */
  readonly records: readonly ZoneRecord[];
  readonly geo: readonly GeoSource[];
  /** All master files that were read, or that should have been. */
  readonly files: readonly string[];
  /** `serial: auto`: the SOA has 0 in its place. */
  readonly isSerialAuto: boolean;
  readonly where: string;
}

/** A geographic record of the settings. */
export interface GeoSource extends GeoEntry {
  readonly settings: RecordSettings & { readonly geo: NonNullable<RecordSettings['geo']> };
}

/**
 * Reads a zone of the settings and tells all that is wrong with it; `where` is its place in them, such as `dns.zones[0]`.
 * What has no problem is part of what is returned, so that the rest can be checked as well. `undefined`: it cannot be
 * read at all.
 */
export function zoneSource(
  settings: ZoneSettings,
  where: string,
  findings: Findings,
  readText: ReadText,
): ZoneSource | undefined {
  const name = nameFromText(settings.name, ROOT);
  if (name instanceof Problem) {
    findings.problem(`${where}.name`, name.message);
    return undefined;
  }
  const { file, soa, records } = settings;
  if ((file === undefined) === (soa === undefined)) {
    findings.problem(where, `expected either file or soa, got ${file === undefined ? 'none' : 'both'}`);
  }
  const written = file === undefined ? NOTHING : readFile(file, name, `${where}.file`, findings, readText);
  if (written === undefined) return undefined;
  const ownSoa = soa && configuredSoa(name, soaEntry(soa, `${where}.soa`), findings);
  const entries = records.map((record, i) => ({ record, where: `${where}.records[${i}]` }));
  const own = entries.flatMap((entry) => recordEntries(entry.record, entry.where, findings));
  return {
    name,
    records: [
      ...written.records,
      ...(ownSoa ? [ownSoa] : []),
      ...within(name, configuredRecords(name, own, findings), findings),
    ],
    geo: entries.flatMap((entry) => geoSource(name, entry.record, entry.where, findings)),
    files: written.files,
    isSerialAuto: soa?.serial === 'auto',
    where: file ?? where,
  };
}

/** The zone, checked; none if there is any problem with it, be it from before. */
export function zoneOfSource({ name, records, geo, where }: ZoneSource, findings: Findings): Zone | undefined {
  return buildZone({ name, records, geo, where }, findings);
}

const NOTHING: MasterFile = { records: [], files: [] };

/** Where the file itself cannot be read, there is no more to tell. */
function readFile(
  file: string,
  zone: WireName,
  where: string,
  findings: Findings,
  readText: ReadText,
): MasterFile | undefined {
  const text = readText(file);
  if (text instanceof Problem) {
    findings.problem(where, `${JSON.stringify(file)} ${text.message}`);
    return undefined;
  }
  return readMasterFile(file, zone, findings, (path) => (path === file ? text : readText(path)));
}

/** Seconds. */
export function seconds(time: Ms): Ttl {
  return Math.round(time / 1000);
}

function soaEntry(soa: NonNullable<ZoneSettings['soa']>, where: string) {
  return {
    mname: soa.mname,
    rname: soa.rname,
    serial: soa.serial === 'auto' ? 0 : soa.serial,
    refresh: seconds(soa.refresh),
    retry: seconds(soa.retry),
    expire: seconds(soa.expire),
    minimum: seconds(soa.minimum),
    ttl: seconds(soa.ttl),
    where,
  };
}

/** One for each value; none for a geographic record. */
function recordEntries(
  { name, type, value, geo, mode, ttl }: RecordSettings,
  where: string,
  findings: Findings,
): RecordEntry[] {
  if (geo !== undefined) {
    for (const [key, extra] of [
      ['type', type],
      ['value', value],
    ] as const) {
      if (extra !== undefined) findings.problem(`${where}.${key}`, 'not beside geo, which has records of its own');
    }
    return [];
  }
  if (mode !== undefined) findings.problem(`${where}.mode`, 'is for geo, which there is none of here');
  if (type === undefined || value === undefined) {
    findings.problem(where, `expected type and value, or geo, got ${type === undefined ? 'no type' : 'no value'}`);
    return [];
  }
  if (typeof value === 'string') return [{ name, type, value, ttl: seconds(ttl), where }];
  return value.map((each, i) => ({ name, type, value: each, ttl: seconds(ttl), where: `${where}.value[${i}]` }));
}

function geoSource(zone: WireName, settings: RecordSettings, where: string, findings: Findings): GeoSource[] {
  const { name, geo, ttl } = settings;
  if (geo === undefined) return [];
  const owner = ownerFromText(name, zone);
  if (owner instanceof Problem) {
    findings.problem(`${where}.name`, owner.message);
    return [];
  }
  if (isOutside(owner, zone)) {
    findings.problem(`${where}.name`, outside(owner, zone));
    return [];
  }
  return [{ owner, record: placeholder(seconds(ttl)), where, settings: { ...settings, geo } }];
}

/** A master file may have what is of other zones, and it is left out; who writes it here means something else. */
function within(zone: WireName, records: readonly ZoneRecord[], findings: Findings): readonly ZoneRecord[] {
  return records.filter(({ owner, where }) => {
    if (!isOutside(owner, zone)) return true;
    findings.problem(where, outside(owner, zone));
    return false;
  });
}

function isOutside(owner: WireName, zone: WireName): boolean {
  return !isWithin(nameKey(owner), nameKey(zone));
}

function outside(owner: WireName, zone: WireName): string {
  return `expected a name within ${nameToText(zone)}, got ${nameToText(owner)}`;
}

/** Stands for a geographic record while a zone is checked: whom it chooses among does not matter then. */
function placeholder(ttl: Ttl): GeoRecord {
  return {
    ttl,
    sets: () => [],
    choose: () => {
      throw new TypeError('nobody is chosen while a zone is only checked');
    },
  };
}
