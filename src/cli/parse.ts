import { parseArgs } from 'node:util';
import { closest } from '../base/closest.ts';
import { type Ms, parseDuration } from '../base/units.ts';
import { type Command, type Option, UsageError, type Values } from './command.ts';

export interface Parsed {
  readonly operands: readonly string[];
  readonly values: Values<Command['options']>;
}

type Value = string | boolean | Ms | readonly string[] | undefined;

/** Reads what stands after the name of a command. Throws a `UsageError`. */
export function parse({ options, operands: expected }: Command, args: readonly string[]): Parsed {
  const given = new Map<string, string[]>();
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(options).map(([name, option]) => [name, forNode(option)])),
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new UsageError(unknownOption(token.rawName, Object.keys(options)));
    const value = checkedText(token.rawName, option, token.value, token.inlineValue === true);
    given.set(token.name, [...(given.get(token.name) ?? []), value]);
  }
  if (positionals.length < expected.least) throw new UsageError(`expected ${expected.form}`);
  const extra = positionals[expected.most];
  if (extra !== undefined) throw new UsageError(`did not expect ${JSON.stringify(extra)}`);
  const values = Object.entries(options).map(([name, option]) => [name, read(name, option, given.get(name) ?? [])]);
  return { operands: positionals, values: Object.fromEntries(values) };
}

function forNode({ kind, short }: Option) {
  return {
    type: kind === 'flag' ? 'boolean' : 'string',
    multiple: true,
    ...(short !== undefined && { short }),
  } as const;
}

function unknownOption(rawName: string, known: readonly string[]): string {
  const meant = closest(rawName.replace(/^-+/, ''), known);
  return `no option ${rawName}${meant === undefined ? '' : `, did you mean --${meant}?`}`;
}

/** A value that looks like an option was most likely forgotten: `--reason --force`. After `=` it is meant. */
function checkedText(rawName: string, option: Option, value: string | undefined, inline: boolean): string {
  if (option.kind === 'flag') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return '';
  }
  if (value === undefined || (!inline && /^-./.test(value))) throw new UsageError(`${rawName} needs ${option.value}`);
  return value;
}

function read(name: string, option: Option, given: readonly string[]): Value {
  if (option.kind === 'flag') return given.length > 0;
  if (option.kind === 'texts') return given;
  if (given.length > 1) throw new UsageError(`--${name} is given twice`);
  const [text] = given;
  if (option.kind === 'text' || text === undefined) return text;
  const span = parseDuration(text);
  if (span !== undefined) return span;
  throw new UsageError(`--${name}: expected a time such as 30s, 5m or 2h, got ${JSON.stringify(text)}`);
}
