import { dirname, resolve } from 'node:path';
import { dropped, exact, type Findings, type Place, refused } from '../findings.ts';
import { withoutComment } from './comments.ts';
import { type DefinedLine, type Definition, definitionIn, replaceIn } from './definitions.ts';
import { repetitionIn } from './sequences.ts';

/** Files, or what stands for them. */
export interface Files {
  /** The text of a file; `undefined`: there is none that may be read. */
  read(path: string): string | undefined;
  /** Absolute paths of files that a pattern means, in order. Wildcards, and braces as csh has them. */
  match(pattern: string): readonly string[];
}

export interface ReaderOptions {
  readonly files: Files;
  readonly findings: Findings;
  /** What `@` and `@^` lines are for: `-i` of keepalived, the first part of the host name by default. */
  readonly configId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A line as the parser of blocks gets it: `{`, `}`, or text without either outside of double quotes. */
export interface LogicalLine {
  readonly text: string;
  readonly place: Place;
}

/** Files within files: more are most likely a circle. */
const DEEPEST_INCLUDE = 32;
const DEEPEST_EXPANSION = 64;

/** What a configuration may come to, sequences and all. */
const MOST_LINES = 200_000;

/**
 * Reads a configuration as keepalived does: comments, conditions, definitions, sequences and included files are gone
 * from what it yields, and braces stand alone.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #definitions = new Map<string, Definition>();
  readonly #used = new Set<Definition>();
  readonly #sources: { readonly path: string; readonly text: string }[] = [];
  /** A definition of several lines that is being read. */
  #open: { name: string; place: Place; lines: DefinedLine[] } | undefined;
  #directory = '';
  #lines = 0;
  #overflowed = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** The files that were read, each once, in the order in which they were met. */
  get sources(): readonly { readonly path: string; readonly text: string }[] {
    return this.#sources;
  }

  *read(path: string, text: string): Generator<LogicalLine> {
    yield* this.#file(path, text, 0);
    this.#close();
    for (const definition of this.#definitions.values()) this.#judge(definition);
  }

  *#file(path: string, text: string, depth: number): Generator<LogicalLine> {
    if (!this.#sources.some((source) => source.path === path)) this.#sources.push({ path, text });
    const before = this.#directory;
    this.#directory = dirname(path);
    for (const [index, line] of text.split('\n').entries()) {
      const place = { file: path, line: index + 1 };
      const { text: bare, isQuoteOpen } = withoutComment(line.replace(/\r+$/, ''));
      if (isQuoteOpen) this.#options.findings.add(place, refused('a double quote is not closed'));
      yield* this.#line(bare, place, { includes: depth, expansions: 0 });
    }
    this.#directory = before;
  }

  *#line(text: string, place: Place, depth: Depth): Generator<LogicalLine> {
    if (this.#collect(text, place) || text === '' || this.#isTooMuch(place, depth)) return;
    const meant = this.#conditional(text, place);
    if (meant === undefined || this.#define(meant, place)) return;
    const repetition = repetitionIn(meant, (numbers) => this.#replaced(numbers).text);
    if (typeof repetition === 'string') {
      this.#options.findings.add(place, refused(`${repetition}; keepalived ignores it`));
      return;
    }
    const deeper = { ...depth, expansions: depth.expansions + 1 };
    if (repetition !== undefined) {
      this.#options.findings.add(place, exact(`stands for ${repetition.rounds.length} lines`));
      for (const round of repetition.rounds) {
        for (const [name, value] of Object.entries(round)) this.#set(name, place, [{ text: value, place }], false);
        yield* this.#line(repetition.text, place, deeper);
      }
      return;
    }
    const { text: replaced, changed, rest, isTooLong } = this.#replaced(meant);
    if (isTooLong) {
      this.#options.findings.add(place, refused('with its definitions it is longer than keepalived takes'));
      return;
    }
    if (changed) {
      yield* this.#line(withoutComment(replaced).text, place, deeper);
      if (rest.length > 0) this.#options.findings.add(place, exact(`stands for ${linesOf(rest)}`));
      for (const line of rest) yield* this.#line(line.text, line.place, deeper);
      return;
    }
    if (/^include[rmwba]?[ \t]/.test(meant)) yield* this.#include(meant, place, depth);
    else yield* this.#pieces(meant, place, deeper);
  }

  /** `text { more } and more`: each brace alone, and what follows read anew, as it may be conditional. */
  *#pieces(text: string, place: Place, depth: Depth): Generator<LogicalLine> {
    const [piece = ''] = /^(?:[{}]|(?:[^{}"]|"[^"]*"|"[^"]*$)+)/.exec(text) ?? [];
    this.#lines++;
    yield { text: piece.trim(), place };
    const rest = text.slice(piece.length).trim();
    if (rest !== '') yield* this.#line(rest, place, { ...depth, expansions: 0 });
  }

  *#include(text: string, place: Place, depth: Depth): Generator<LogicalLine> {
    const { files, findings } = this.#options;
    const pattern = resolve(this.#directory, text.replace(/^\S+[ \t]+/, ''));
    if (depth.includes >= DEEPEST_INCLUDE) {
      findings.add(place, refused('files include each other too deeply'));
      return;
    }
    const paths = files.match(pattern);
    if (paths.length === 0) {
      findings.add(
        place,
        refused(`no file that may be read is meant by ${pattern}: what it would have said is missing here`),
      );
    }
    for (const path of paths) {
      const content = files.read(path);
      findings.add(place, content === undefined ? refused(`${path} cannot be read`) : exact(`reads ${path}`));
      if (content !== undefined) yield* this.#file(path, content, depth.includes + 1);
    }
  }

  /** What stands behind `@id` or `@^id`; `undefined`: it is for other hosts. */
  #conditional(text: string, place: Place): string | undefined {
    const { configId, findings } = this.#options;
    if (!text.startsWith('@')) return text;
    const [, not, id, rest] = /^@(\^?)(\S*)[ \t]+(.*)$/s.exec(text) ?? [];
    if (rest === undefined) {
      findings.add(place, dropped('says nothing'));
      return undefined;
    }
    const isMeant = (id === configId) !== (not === '^');
    if (!isMeant) findings.add(place, dropped(`not for ${configId}; --config-id chooses another host`));
    return isMeant ? rest : undefined;
  }

  /** Whether it was a definition. */
  #define(text: string, place: Place): boolean {
    const definition = definitionIn(text);
    if (definition === undefined) return false;
    const { name, value } = definition;
    if (!value.endsWith('\\')) {
      this.#set(name, place, [{ text: value, place }], false);
      return true;
    }
    const first = value.slice(0, -1).trimEnd();
    this.#open = { name, place, lines: first === '' ? [] : [{ text: first, place }] };
    return true;
  }

  /** Whether it belongs to the definition that is being read. */
  #collect(text: string, place: Place): boolean {
    if (this.#open === undefined) return false;
    const goesOn = text.endsWith('\\');
    const content = goesOn ? text.slice(0, -1).trimEnd() : text;
    if (content !== '') this.#open.lines.push({ text: content, place });
    if (!goesOn) this.#close();
    return true;
  }

  #close(): void {
    if (this.#open === undefined) return;
    const { name, place, lines } = this.#open;
    this.#open = undefined;
    this.#set(name, place, lines, lines.length > 0);
  }

  #set(name: string, place: Place, lines: readonly DefinedLine[], isMultiline: boolean): void {
    const before = this.#definitions.get(name);
    if (before !== undefined) this.#judge(before);
    this.#definitions.set(name, { place, lines, isMultiline });
  }

  #judge(definition: Definition): void {
    const used = this.#used.has(definition);
    for (const { place } of [definition, ...definition.lines]) {
      const isKnown = this.#options.findings.of(place) !== undefined;
      if (!isKnown)
        this.#options.findings.add(place, used ? exact('a definition') : dropped('a definition that is not used'));
    }
  }

  #replaced(text: string) {
    return replaceIn(text, (name, args) => {
      const definition = this.#definitions.get(name) ?? this.#standard(name, args);
      if (definition !== undefined) this.#used.add(definition);
      return definition;
    });
  }

  /** What keepalived defines itself. */
  #standard(name: string, args: readonly string[]): Definition | undefined {
    const place = { file: '', line: 0 };
    const value = this.#standardValue(name, args);
    return value === undefined ? undefined : { place, lines: [{ text: value, place }], isMultiline: false };
  }

  #standardValue(name: string, [first = '0']: readonly string[]): string | undefined {
    if (name === '_PWD') return this.#directory;
    if (name === '_INSTANCE') return this.#options.configId;
    if (name === '_HASH') return '#';
    if (name === '_BANG') return '!';
    if (name === '_ENV') return this.#options.env[first] ?? '';
    // Any number is as good; the least, so that an import has the same outcome each time.
    return name === '_RANDOM' ? first : undefined;
  }

  #isTooMuch(place: Place, { expansions }: Depth): boolean {
    if (expansions < DEEPEST_EXPANSION && this.#lines < MOST_LINES) return false;
    if (!this.#overflowed)
      this.#options.findings.add(place, refused('definitions and sequences without end: not read on'));
    this.#overflowed = true;
    return true;
  }
}

interface Depth {
  readonly includes: number;
  readonly expansions: number;
}

function linesOf(lines: readonly DefinedLine[]): string {
  const [first, last] = [lines[0]?.place.line ?? 0, lines.at(-1)?.place.line ?? 0];
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}
