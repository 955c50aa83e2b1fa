import type { Word } from '../wire/rdata-text.ts';

/** A line of a master file, or several that parentheses join (RFC 1035 §5.1). */
export interface Entry {
  /** Where it begins; the first line is 1. */
  readonly line: number;
  /** It begins with a blank: it has no owner of its own. */
  readonly indented: boolean;
  readonly words: readonly Word[];
  /** Why it cannot be read, in words. What there is of it means nothing then. */
  readonly problem: string | undefined;
}

/**
 * The entries of a master file; those without any word are left out. Words are set apart by blanks, or by quotes; a
 * quote right after `=` belongs to its word, as in `alpn="h2,h3"` (RFC 9460 §2.1).
 */
export function* entriesOf(text: string): Generator<Entry> {
  let rest: Line = { at: 0, number: 1 };
  while (rest.at < text.length) {
    const scan = new EntryScan(text, rest);
    const entry = scan.entry();
    if (entry.words.length > 0 || entry.problem !== undefined) yield entry;
    rest = scan.rest;
  }
}

/** The words of a value that stands alone, such as `10 mail.example.com.`, or why it has none. */
export function wordsOf(text: string): readonly Word[] | string {
  if (/[\r\n]/.test(text)) return 'expected one line';
  const { words, problem } = new EntryScan(text, { at: 0, number: 1 }).entry();
  return problem ?? words;
}

/** Where a line begins. */
interface Line {
  readonly at: number;
  readonly number: number;
}

/** Reads one entry. */
class EntryScan {
  readonly #text: string;
  readonly #words: Word[] = [];
  readonly #first: Line;
  #at: number;
  #line: number;
  #depth = 0;
  #problem: string | undefined;

  constructor(text: string, first: Line) {
    this.#text = text;
    this.#first = first;
    this.#at = first.at;
    this.#line = first.number;
  }

  /** The line after the entry. */
  get rest(): Line {
    return { at: this.#at, number: this.#line };
  }

  entry(): Entry {
    const indented = /[ \t]/.test(this.#text[this.#at] ?? '');
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] !== '\n') {
        this.#step();
        continue;
      }
      this.#at++;
      this.#line++;
      if (this.#depth === 0) break;
    }
    if (this.#depth > 0) this.#fail('a parenthesis is never closed');
    return { line: this.#first.number, indented, words: this.#words, problem: this.#problem };
  }

  #step(): void {
    const character = this.#text[this.#at] as string;
    if (BLANK.test(character)) this.#at++;
    else if (character === ';') this.#at = this.#endOfLine();
    else if (character === '(') this.#open();
    else if (character === ')') this.#close();
    else if (character === '"') this.#quoted();
    else this.#bare();
  }

  #open(): void {
    this.#depth++;
    this.#at++;
  }

  #close(): void {
    this.#at++;
    if (this.#depth === 0) this.#fail('a parenthesis is closed that was never opened');
    else this.#depth--;
  }

  #quoted(): void {
    const end = this.#endOfQuotes(this.#at);
    if (end !== undefined) this.#words.push({ text: this.#text.slice(this.#at + 1, end - 1), quoted: true });
    this.#at = end ?? this.#endOfLine();
  }

  #bare(): void {
    const start = this.#at;
    for (;;) {
      BARE.lastIndex = this.#at;
      BARE.exec(this.#text);
      this.#at = Math.max(this.#at, BARE.lastIndex);
      const isValue = this.#text[this.#at] === '"' && this.#text[this.#at - 1] === '=' && this.#at > start;
      if (!isValue) break;
      const end = this.#endOfQuotes(this.#at);
      this.#at = end ?? this.#endOfLine();
      if (end === undefined) return;
    }
    this.#words.push({ text: this.#text.slice(start, this.#at), quoted: false });
  }

  /** The place after the closing quote. */
  #endOfQuotes(start: number): number | undefined {
    QUOTED.lastIndex = start;
    if (QUOTED.test(this.#text)) return QUOTED.lastIndex;
    this.#fail('a quote is never closed');
    return undefined;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end === -1 ? this.#text.length : end;
  }

  #fail(problem: string): void {
    this.#problem ??= problem;
  }
}

const BLANK = /[ \t\r\f\v]/;

/** What goes on until a blank, a comment, a parenthesis or a quote; a backslash takes what follows with it. */
const BARE = /(?:\\[^\r\n]|[^\\ \t\r\n\f\v;()"])*\\?/y;

/** Within a line: what is never closed must not take the rest of the file with it. */
const QUOTED = /"(?:\\[^\r\n]|[^"\\\r\n])*"/y;
