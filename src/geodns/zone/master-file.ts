import { dirname, resolve } from 'node:path';
import type { Ttl, WireName } from '../model.ts';
import { nameFromText } from '../wire/name.ts';
import { Problem, shown } from '../wire/problem.ts';
import { rdataFromText } from '../wire/rdata.ts';
import type { Word } from '../wire/rdata-text.ts';
import { MAX_TTL, ttlFromText } from '../wire/ttl.ts';
import { CLASS, classFromText, isDataType, TYPE, typeFromText, typeToText } from '../wire/types.ts';
import { type Entry, entriesOf } from './lexer.ts';
import type { Findings, ZoneRecord } from './record.ts';

export interface MasterFile {
  readonly records: readonly ZoneRecord[];
  /** All files that were read, or that should have been: a change of any of them changes the zone. */
  readonly files: readonly string[];
}

/** Gives the text of a file, as latin1: a character for each byte. */
export type ReadText = (path: string) => string | Problem;

/** Files within files: deep enough for any layout, and an end to a file that includes itself. */
const MAX_DEPTH = 10;
const MAX_FILES = 1000;

/**
 * Reads a master file (RFC 1035 §5) with $ORIGIN, $INCLUDE and $TTL (RFC 2308 §4). What is wrong is told of every entry,
 * and the others are read all the same.
 *
 * @param path where it is; paths of $INCLUDE are relative to the file that they stand in
 * @param origin what its names are relative to at first: the name of the zone
 */
export function readMasterFile(path: string, origin: WireName, findings: Findings, readText: ReadText): MasterFile {
  const reader = new MasterReader(findings, readText);
  const problem = reader.read(path, { origin, owner: undefined }, 0);
  if (problem !== undefined) findings.problem(path, problem);
  return { records: reader.records, files: reader.files };
}

/** Of UTF-8, as latin1. Some editors leave it at the beginning of a file. */
const BYTE_ORDER_MARK = /^\xef\xbb\xbf/;

/** What holds within one file. */
interface Context {
  origin: WireName;
  /** Of the last record: of what begins with a blank, too. A `Problem`: it could not be read, and that has been told. */
  owner: WireName | Problem | undefined;
}

/** The fields in front of RDATA. */
interface RecordHead {
  readonly ttl: Ttl | undefined;
  readonly type: number;
  readonly rdata: readonly Word[];
}

class MasterReader {
  readonly records: ZoneRecord[] = [];
  readonly files: string[] = [];
  readonly #findings: Findings;
  readonly #readText: ReadText;
  /** Of $TTL, else of a SOA that has none itself. */
  #defaultTtl: Ttl | undefined;
  /** Of the last record that has one: RFC 1035 §5.1. */
  #lastTtl: Ttl | undefined;

  constructor(findings: Findings, readText: ReadText) {
    this.#findings = findings;
    this.#readText = readText;
  }

  /**
   * What is wrong with the file as a whole, in words. What an included file says of origin and owner does not hold after
   * it; $TTL does, as with BIND.
   */
  read(path: string, context: Context, depth: number): string | undefined {
    if (this.files.length >= MAX_FILES) return `more than ${MAX_FILES} files`;
    this.files.push(path);
    const text = this.#readText(path);
    if (text instanceof Problem) return text.message;
    for (const entry of entriesOf(text.replace(BYTE_ORDER_MARK, ''))) {
      if (this.#findings.isFull) break;
      const problem = entry.problem === undefined ? this.#entry(entry, path, context, depth) : entry.problem;
      if (problem !== undefined) this.#findings.problem(`${path}:${entry.line}`, problem);
    }
    return undefined;
  }

  /** What is wrong with it, in words. */
  #entry(entry: Entry, path: string, context: Context, depth: number): string | undefined {
    const [first, ...words] = entry.words;
    if (first === undefined) return undefined;
    const isDirective = !entry.indented && !first.quoted && first.text.startsWith('$');
    if (!isDirective) return this.#record(entry, `${path}:${entry.line}`, context);
    switch (first.text.toUpperCase()) {
      case '$ORIGIN':
        return this.#origin(words, context);
      case '$TTL':
        return this.#ttl(words);
      case '$INCLUDE':
        return this.#include(words, path, context, depth);
      default:
        return `expected $ORIGIN, $TTL or $INCLUDE, got ${shown(first.text)}`;
    }
  }

  #origin(words: readonly Word[], context: Context): string | undefined {
    const [word] = words;
    if (word === undefined || words.length !== 1) return '$ORIGIN: expected one name';
    const origin = nameFromText(word.text, context.origin);
    if (origin instanceof Problem) return `$ORIGIN: ${origin.message}`;
    context.origin = origin;
    return undefined;
  }

  #ttl(words: readonly Word[]): string | undefined {
    const [word] = words;
    if (word === undefined || words.length !== 1) return '$TTL: expected one time such as 3600 or 1h30m';
    const ttl = ttlFromText(word.text);
    if (ttl === undefined) return `$TTL: ${ttlProblem(word.text)}`;
    this.#defaultTtl = ttl;
    return undefined;
  }

  #include(words: readonly Word[], path: string, context: Context, depth: number): string | undefined {
    const [file, origin] = words;
    if (file === undefined || words.length > 2) return '$INCLUDE: expected a file, and a name if it has another origin';
    if (depth === MAX_DEPTH) return `$INCLUDE: expected files at most ${MAX_DEPTH} deep`;
    const below = origin === undefined ? context.origin : nameFromText(origin.text, context.origin);
    if (below instanceof Problem) return `$INCLUDE: ${below.message}`;
    const included = resolve(dirname(path), unescapedPath(file));
    const problem = this.read(included, { origin: below, owner: context.owner }, depth + 1);
    return problem === undefined ? undefined : `$INCLUDE ${included}: ${problem}`;
  }

  #record(entry: Entry, where: string, context: Context): string | undefined {
    const [first] = entry.words;
    if (!entry.indented && first !== undefined) context.owner = nameFromText(first.text, context.origin);
    const owner = context.owner;
    if (owner === undefined) return 'expected the name of its owner, as there is no record before it';
    if (owner instanceof Problem) return entry.indented ? undefined : owner.message;

    const head = headOf(entry.indented ? entry.words : entry.words.slice(1));
    if (typeof head === 'string') return head;
    const { type, ttl } = head;
    const rdata = rdataFromText(type, head.rdata, (text) => nameFromText(text, context.origin));
    if (rdata instanceof Problem) return `${typeToText(type)}: ${rdata.message}`;
    const ttlOrDefault = this.#ttlOf(ttl, type, rdata.bytes);
    if (ttlOrDefault === undefined) return 'expected a TTL, or $TTL before it';
    this.records.push({ owner, type, ttl: ttlOrDefault, rdata, where });
    return undefined;
  }

  /**
   * Its own, else that of $TTL, else the last one that was written (RFC 1035 §5.1). A SOA without any of these has its
   * own minimum, and all after it: so it was before RFC 2308, and so BIND takes it still.
   */
  #ttlOf(ttl: Ttl | undefined, type: number, rdata: Buffer): Ttl | undefined {
    if (ttl !== undefined) {
      this.#lastTtl = ttl;
      return ttl;
    }
    if (this.#defaultTtl === undefined && this.#lastTtl === undefined && type === TYPE.SOA) {
      this.#defaultTtl = Math.min(rdata.readUInt32BE(rdata.length - 4), MAX_TTL);
    }
    return this.#defaultTtl ?? this.#lastTtl;
  }
}

/** `[TTL] [class] type RDATA`, or the class first (RFC 1035 §5.1). */
function headOf(words: readonly Word[]): RecordHead | string {
  let ttl: Ttl | undefined;
  let isClassKnown = false;
  for (let i = 0; i < words.length; i++) {
    const { text, quoted } = words[i] as Word;
    const number = isClassKnown || quoted ? undefined : classFromText(text);
    if (number !== undefined) {
      if (number !== CLASS.IN) return `expected the class IN, got ${shown(text)}`;
      isClassKnown = true;
    } else if (ttl === undefined && !quoted && /^\d/.test(text)) {
      ttl = ttlFromText(text);
      if (ttl === undefined) return ttlProblem(text);
    } else {
      const type = quoted ? undefined : typeFromText(text);
      if (type === undefined) return `expected a type such as A or TYPE65280, got ${shown(text)}`;
      if (!isDataType(type)) return `${typeToText(type)}: expected a type that a zone can have records of`;
      return { ttl, type, rdata: words.slice(i + 1) };
    }
  }
  return 'expected a type such as A or TYPE65280, got nothing';
}

function ttlProblem(text: string): string {
  return `expected a time such as 3600 or 1h30m, at most ${MAX_TTL} seconds, got ${shown(text)}`;
}

/** Backslashes escape in a word of a master file, in quotes or not. */
function unescapedPath(word: Word): string {
  return Buffer.from(word.text.replace(/\\(.)/g, '$1'), 'latin1').toString('utf8');
}
