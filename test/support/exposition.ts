/**
 * A strict reader of metrics pages, in Prometheus' text format 0.0.4 and in OpenMetrics 1.0: what it does not like, it
 * throws, with the line. Prometheus itself is more lenient.
 */

export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

export interface ReadSample {
  /** As it stands: of a histogram, with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Format = 'prometheus' | 'openmetrics';

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

export class Exposition {
  readonly families = new Map<string, ReadFamily>();

  constructor(text: string, format: Format = 'prometheus') {
    const lines = linesOf(text, format);
    for (let at = 0; at < lines.length; ) at = this.#read(lines, at, format);
    for (const family of this.families.values()) checkFamily(family, format);
  }

  /** The value of the one sample with this name and all these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const found = this.samples(name).filter((sample) => includes(sample.labels, labels));
    if (found.length !== 1) throw new Error(`${found.length} samples ${name} ${JSON.stringify(labels)}`);
    return (found[0] as ReadSample).value;
  }

  /** The sum of all samples with this name and these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples(name)
      .filter((sample) => includes(sample.labels, labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  samples(name: string): readonly ReadSample[] {
    return [...this.families.values()].flatMap((family) => family.samples).filter((sample) => sample.name === name);
  }

  /** The names of all samples. */
  get names(): Set<string> {
    return new Set([...this.families.values()].flatMap(({ samples }) => samples.map(({ name }) => name)));
  }

  /** One family: HELP, TYPE, samples. */
  #read(lines: readonly string[], start: number, format: Format): number {
    const help = /^# HELP (\S+) (.*)$/.exec(lines[start] ?? '');
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[start + 1] ?? '');
    if (help === null) throw new Error(`expected # HELP: ${lines[start]}`);
    if (type === null || type[1] !== help[1]) throw new Error(`expected # TYPE ${help[1]}: ${lines[start + 1]}`);
    const name = help[1] as string;
    if (this.families.has(name)) throw new Error(`${name} stands there twice`);
    let end = start + 2;
    while (end < lines.length && !lines[end]?.startsWith('#')) end += 1;
    const samples = lines.slice(start + 2, end).map(readSample);
    const text = unescaped(help[2] as string, format === 'openmetrics' ? 'n\\"' : 'n\\');
    this.families.set(name, { name, type: type[2] as string, help: text, samples });
    return end;
  }
}

function linesOf(text: string, format: Format): string[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.split('\n').slice(0, -1);
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('expected # EOF at the end');
  const bad = lines.find((line) => line === '' || line !== line.trim() || line.includes('\r'));
  if (bad !== undefined) throw new Error(`a strange line: ${JSON.stringify(bad)}`);
  return lines;
}

function readSample(line: string): ReadSample {
  const name = match(NAME, line, 0);
  const labels: Record<string, string> = {};
  let at = name.length;
  if (line[at] === '{') {
    do {
      at += 1;
      const label = match(LABEL, line, at);
      if (label.startsWith('__') || label in labels) throw new Error(`a label that may not be: ${line}`);
      at += label.length;
      const quoted = match(/="(?:[^"\\]|\\[\\n"])*"/y, line, at);
      labels[label] = unescaped(quoted.slice(2, -1), 'n\\"');
      at += quoted.length;
    } while (line[at] === ',');
    if (line[at] !== '}') throw new Error(`expected } at ${at}: ${line}`);
    at += 1;
  }
  const value = line.slice(at + 1);
  if (line[at] !== ' ' || !NUMBER.test(value)) throw new Error(`expected one blank and a number at ${at}: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function match(pattern: RegExp, line: string, at: number): string {
  pattern.lastIndex = at;
  const found = pattern.exec(line)?.[0];
  if (found === undefined) throw new Error(`expected ${pattern.source} at ${at}: ${line}`);
  return found;
}

function unescaped(text: string, known: string): string {
  return text.replace(/\\(.?)/g, (all, escaped: string) => {
    if (escaped === '' || !known.includes(escaped)) throw new Error(`unknown escape ${all} in ${text}`);
    return escaped === 'n' ? '\n' : escaped;
  });
}

function checkFamily({ name, type, samples }: ReadFamily, format: Format): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`${key} stands there twice`);
    seen.add(key);
  }
  if (type === 'histogram') checkHistogram(name, samples);
  else {
    const expected = type === 'counter' && format === 'openmetrics' ? `${name}_total` : name;
    const other = samples.find((sample) => sample.name !== expected);
    if (other !== undefined) throw new Error(`${other.name} is no sample of ${type} ${name}`);
    if (type === 'counter' && !expected.endsWith('_total')) throw new Error(`${name} should end in _total`);
    if (type === 'gauge' && name.endsWith('_total')) throw new Error(`${name} is no counter`);
  }
}

/** Ascending bounds, counts that never fall, +Inf last and equal to the count. */
function checkHistogram(name: string, samples: readonly ReadSample[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le, ...rest } }) => JSON.stringify(rest));
  for (const [labels, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le } }) => Number((le as string).replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const count = group.filter((sample) => sample.name === `${name}_count`);
    const sums = group.filter((sample) => sample.name === `${name}_sum`);
    if (count.length !== 1 || sums.length !== 1 || group.length !== buckets.length + 2)
      throw new Error(`${name} ${labels} is not whole`);
    if (!isAscending(bounds, (a, b) => a < b) || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${name} ${labels}: bounds ${bounds}`);
    if (!isAscending(counts, (a, b) => a <= b) || counts.at(-1) !== count[0]?.value)
      throw new Error(`${name} ${labels}: counts ${counts}`);
  }
}

function isAscending(values: readonly number[], inOrder: (a: number, b: number) => boolean): boolean {
  return values.every((value, index) => index === 0 || inOrder(values[index - 1] as number, value));
}

function includes(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
