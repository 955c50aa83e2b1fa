import { domainToASCII } from 'node:url';
import type { Ttl, WireName } from '../model.ts';
import { isWithin, nameFromText, nameKey, nameToText, ROOT } from '../wire/name.ts';
import { Problem, shown } from '../wire/problem.ts';
import { rdataFromText } from '../wire/rdata.ts';
import type { Word } from '../wire/rdata-text.ts';
import { isDataType, TYPE, typeFromText, typeToText } from '../wire/types.ts';
import { wordsOf } from './lexer.ts';
import type { Findings, ZoneRecord } from './record.ts';

/** A record as a configuration has it. */
export interface RecordEntry {
  /** `@`, `www`, `*.dev`: below the zone, unless it ends in a dot. */
  readonly name: string;
  readonly type: string;
  /**
   * What a master file would have, but that names are whole with a dot at their end or without, and `@` is the zone. Of
   * TXT it may be the text itself, without quotes and however long.
   */
  readonly value: string;
  readonly ttl: Ttl;
  /** `dns.zones[0].records[3]` */
  readonly where: string;
}

/** Times in seconds (RFC 1035 §3.3.13). */
export interface SoaEntry {
  readonly mname: string;
  /** `hostmaster.example.com`, or as people write it `hostmaster@example.com`. */
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
  readonly ttl: Ttl;
  readonly where: string;
}

export function configuredRecords(
  zone: WireName,
  entries: readonly RecordEntry[],
  findings: Findings,
): readonly ZoneRecord[] {
  return entries.flatMap((entry) => {
    const record = recordOf(zone, entry);
    if (!(record instanceof Problem)) return [record];
    findings.problem(entry.where, record.message);
    return [];
  });
}

export function configuredSoa(zone: WireName, soa: SoaEntry, findings: Findings): ZoneRecord | undefined {
  const numbers = [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum];
  const words = [soa.mname, mailboxName(soa.rname), ...numbers.map(String)].map(bareWord);
  const rdata = rdataFromText(TYPE.SOA, words, (text) => wholeName(text, zone));
  if (!(rdata instanceof Problem)) return { owner: zone, type: TYPE.SOA, ttl: soa.ttl, rdata, where: soa.where };
  findings.problem(soa.where, rdata.message);
  return undefined;
}

/** The owner of a record or of a geographic one. */
export function ownerFromText(text: string, zone: WireName): WireName | Problem {
  const name = asciiName(text, zone);
  if (name instanceof Problem || text === '@' || text.endsWith('.')) return name;
  const whole = nameFromText(text, ROOT);
  const isWhole = !(whole instanceof Problem) && zone.length > 1 && isWithin(nameKey(whole), nameKey(zone));
  if (!isWhole) return name;
  return new Problem(`expected a name below ${nameToText(zone)}, or one with a dot at its end, got ${shown(text)}`);
}

function recordOf(zone: WireName, { name, type: typeText, value, ttl, where }: RecordEntry): ZoneRecord | Problem {
  const owner = ownerFromText(name, zone);
  if (owner instanceof Problem) return owner;
  const type = typeFromText(typeText);
  if (type === undefined || !isDataType(type)) {
    return new Problem(`expected a type such as A or TYPE65280, got ${shown(typeText)}`);
  }
  const words = type === TYPE.TXT && !/^\s*(?:"|\\#)/.test(value) ? wordsOfText(value) : wordsOf(latin1Of(value));
  const rdata =
    typeof words === 'string' ? new Problem(words) : rdataFromText(type, words, (text) => wholeName(text, zone));
  if (rdata instanceof Problem) return new Problem(`${typeToText(type)}: ${rdata.message}`);
  return { owner, type, ttl, rdata, where };
}

/** A name of one label is surely meant to be below something; below what, a value does not tell. */
function wholeName(latin1: string, zone: WireName): WireName | Problem {
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  if (text === '@') return zone;
  if (!text.includes('.')) return new Problem(`expected a whole name such as www.example.com, got ${shown(text)}`);
  return asciiName(text, ROOT);
}

/** Names of other scripts are on the wire as ASCII (RFC 5891); it is better to see that than to have it done unseen. */
function asciiName(text: string, origin: WireName): WireName | Problem {
  if (/^[\0-\x7f]*$/.test(text)) return nameFromText(text, origin);
  const ascii = domainToASCII(text);
  return new Problem(`expected a name in ASCII${ascii === '' ? '' : `, ${ascii}`}, got ${shown(text)}`);
}

/** Text without quotes, in pieces that a character string can hold. Nothing in it is an escape: YAML has its own. */
function wordsOfText(value: string): readonly Word[] {
  const bytes = Buffer.from(value, 'utf8');
  const words: Word[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 255) {
    words.push({ text: bytes.toString('latin1', at, at + 255).replace(/["\\]/g, '\\$&'), quoted: true });
  }
  return words;
}

/** RFC 1035 §8: a dot in the part before the @ is no end of a label. */
function mailboxName(text: string): string {
  const at = text.indexOf('@');
  return at <= 0 ? text : `${text.slice(0, at).replaceAll('.', '\\.')}.${text.slice(at + 1)}`;
}

function bareWord(text: string): Word {
  return { text: latin1Of(text), quoted: false };
}

function latin1Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
