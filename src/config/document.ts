import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { show } from '../base/setting.ts';
import type { Finding, Path, Position } from './problem.ts';
import { coreScalar, substitute } from './variables.ts';

/**
 * A YAML file as plain values, with the place of each in the text. YAML 1.2, core schema, one document; variables of
 * the environment are already put in.
 */
export interface Document {
  readonly value: unknown;
  /** What is wrong with the text itself. */
  readonly findings: readonly Finding[];
  /** Whether `value` is worth a further look: after an error of syntax it would be guesswork. */
  readonly readable: boolean;
  /** Whether the file says anything at `path`, rather than leaving it to the default. */
  has(path: Path): boolean;
  /** Where the setting at `path` stands; when it is missing, where its nearest parent does. */
  positionOf(finding: Finding): Position;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function parseConfig(text: string, env: Environment): Document {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    prettyErrors: false,
    uniqueKeys: false, // told by the reader, with the place of the first
    logLevel: 'error',
  });
  const reader = new Reader(env, lines);
  const syntax = [...yaml.errors, ...yaml.warnings];
  const { value, place } = reader.read(syntax.length === 0 ? yaml.contents : null);
  return {
    value,
    findings: [...syntaxFindings(text, syntax, lines), ...reader.findings],
    readable: syntax.length === 0 && reader.complete,
    has: (path) => find(place, path).missing === 0,
    positionOf: (finding) => positionAt(lines, finding.offset ?? offsetOf(place, finding)),
  };
}

/** Where a value stands in the text: offsets of its key, if it has one, and of itself. */
interface Place {
  readonly key?: number;
  readonly value: number;
  readonly below: Map<string | number, Place>;
}

/** Deeper than any setting, and shallow enough for recursion. */
const MAX_DEPTH = 32;

/** How much aliases may add. Some lines of aliases to aliases can otherwise stand for billions of values. */
const MAX_REPEATED = 100_000;

/** Turns YAML's nodes into plain values and notes where each stands. */
class Reader {
  readonly findings: Finding[] = [];
  readonly #env: Environment;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, Node>();
  /** The nodes around the one that is read: an alias to one of these would never end. */
  readonly #around = new Set<Node>();
  #aliases = 0;
  #repeated = 0;

  constructor(env: Environment, lines: LineCounter) {
    this.#env = env;
    this.#lines = lines;
  }

  /** Whether all was read; what aliases repeat without end is not. */
  get complete(): boolean {
    return this.#repeated <= MAX_REPEATED;
  }

  read(node: Node | null, path: Path = [], key?: number): { value: unknown; place: Place } {
    const place: Place = {
      ...(key !== undefined && { key }),
      value: startOf(node) ?? key ?? node?.range?.[0] ?? 0,
      below: new Map(),
    };
    return { value: this.#value(node, path, place), place };
  }

  #value(node: Node | null, path: Path, place: Place): unknown {
    if (isAlias(node)) return this.#aliased(this.#anchors.get(node.source), path, place);
    if (node === null) return null;
    // Within an alias the anchors were seen before, and may since have been given to other nodes.
    if (this.#aliases === 0 && 'anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (this.#aliases > 0 && ++this.#repeated > MAX_REPEATED)
      return this.#refuse(path, place, 'aliases repeat too much');
    if (isScalar(node)) return this.#scalar(node, path, place);
    if (path.length >= MAX_DEPTH) return this.#refuse(path, place, 'is nested too deeply');
    this.#around.add(node);
    const value = isMap(node) ? this.#map(node.items, path, place) : this.#list(node, path, place);
    this.#around.delete(node);
    return value;
  }

  #aliased(target: Node | undefined, path: Path, place: Place): unknown {
    if (target === undefined) return this.#refuse(path, place, 'expected an alias to what stands before it');
    if (this.#around.has(target)) return this.#refuse(path, place, 'is an alias to what it is a part of');
    this.#aliases++;
    const value = this.#value(target, path, place);
    this.#aliases--;
    return value;
  }

  #map(pairs: readonly Pair[], path: Path, place: Place): object {
    const map: Record<string, unknown> = {};
    for (const pair of pairs as Pair<Node, Node | null>[]) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const at = startOf(pair.key) ?? place.value;
      const inner = [...path, key];
      const first = place.below.get(key)?.key;
      if (first !== undefined) {
        this.findings.push({ path: inner, offset: at, message: `is given twice, first on line ${this.#line(first)}` });
      } else if (key === '__proto__') {
        this.findings.push({ path: inner, offset: at, message: 'is no possible name' });
      } else {
        const { value, place: below } = this.read(pair.value, inner, at);
        map[key] = value;
        place.below.set(key, below);
      }
      if (!this.complete) break;
    }
    return map;
  }

  #list(node: Node, path: Path, place: Place): unknown[] {
    const list: unknown[] = [];
    for (const item of isSeq<Node | null>(node) ? node.items : []) {
      const { value, place: below } = this.read(item, [...path, list.length]);
      place.below.set(list.length, below);
      list.push(value);
      if (!this.complete) break;
    }
    return list;
  }

  #scalar(node: { value: unknown; type?: string; tag?: string }, path: Path, place: Place): unknown {
    if (typeof node.value !== 'string') return node.value;
    const { text, changed, problem } = substitute(node.value, this.#env);
    if (problem !== undefined) this.#refuse(path, place, problem);
    return changed && node.type === 'PLAIN' && node.tag === undefined ? coreScalar(text) : text;
  }

  #refuse(path: Path, place: Place, message: string): null {
    this.findings.push({ path, message, offset: place.value });
    return null;
  }

  #line(offset: number): number {
    return positionAt(this.#lines, offset).line;
  }
}

/** Where a node's text begins. Nothing is written for an empty value, so it has no place of its own. */
function startOf(node: Node | null): number | undefined {
  if (node === null || node.range === undefined || node.range === null) return undefined;
  return isScalar(node) && node.value === null && node.source === '' ? undefined : node.range[0];
}

function find(root: Place, path: Path): { place: Place; missing: number } {
  let place = root;
  for (const [depth, step] of path.entries()) {
    const below = place.below.get(step);
    if (below === undefined) return { place, missing: path.length - depth };
    place = below;
  }
  return { place, missing: 0 };
}

function offsetOf(root: Place, { path, atKey }: Finding): number {
  const { place, missing } = find(root, path);
  return missing > 0 || atKey === true ? (place.key ?? place.value) : place.value;
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** The errors that tell something: after the first, parts that do not fit are told again and again down the file. */
function syntaxFindings(text: string, errors: readonly YAMLError[], lines: LineCounter): Finding[] {
  const byLine = new Map<number, Finding>();
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const [offset] = error.pos;
    const { line } = positionAt(lines, offset);
    if (byLine.has(line) || (byLine.size > 0 && error.code === 'UNEXPECTED_TOKEN')) continue;
    byLine.set(line, { path: [], offset, message: syntaxMessage(error, text.slice(Math.max(0, offset - 1))) });
  }
  return [...byLine.values()];
}

/** `rest`: the text from one character before the error on. */
function syntaxMessage({ code, message }: YAMLError, rest: string): string {
  // To YAML this is where a map begins. Quoted it is text, so a number has to be written on a line of its own.
  if (rest.startsWith('${')) return `within { } and [ ] a variable needs quotes: "\${NAME}"`;
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'expected one document, got a second one';
    case 'NON_STRING_KEY':
      return 'expected a name before the colon';
    case 'RESOURCE_EXHAUSTION':
      return 'is nested too deeply';
    case 'UNEXPECTED_TOKEN':
      return `did not expect ${show(/\S+/.exec(rest.slice(1))?.[0])} here: check its indent, and what is open before it`;
    default: {
      const [first = '', second = ''] = message;
      const start = second === second.toLowerCase() ? first.toLowerCase() : first;
      return `${start}${message.slice(1)}`.replaceAll(/\s+/g, ' ');
    }
  }
}
