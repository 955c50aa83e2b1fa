/** Plain data as YAML 1.2, in block style; lists of plain values stand in one line where they fit. */

export type Yaml = string | number | boolean | readonly Yaml[] | YamlMap;
interface YamlMap {
  readonly [key: string]: Yaml | undefined;
}

/** A list that would make its line longer is written one below the other. */
const WIDTH = 120;

/** `comments`: what is written above a map of a list. */
export function yamlOf(value: Yaml, comments: ReadonlyMap<object, string> = new Map(), indent = ''): string {
  if (typeof value !== 'object') return `${indent}${scalar(value)}\n`;
  if (isList(value)) return value.map((item) => itemOf(item, comments, indent)).join('');
  const entries = Object.entries(value).filter((entry): entry is [string, Yaml] => entry[1] !== undefined);
  return entries.map(([key, item]) => entryOf(key, item, comments, indent)).join('');
}

function entryOf(key: string, value: Yaml, comments: ReadonlyMap<object, string>, indent: string): string {
  const inline = inlineOf(value);
  if (inline !== undefined && indent.length + key.length + inline.length + 2 <= WIDTH)
    return `${indent}${key}: ${inline}\n`;
  return `${indent}${key}:\n${yamlOf(value, comments, `${indent}  `)}`;
}

function itemOf(value: Yaml, comments: ReadonlyMap<object, string>, indent: string): string {
  const comment = typeof value === 'object' ? comments.get(value) : undefined;
  const above = comment === undefined ? '' : `${indent}# ${comment}\n`;
  const inline = inlineOf(value);
  if (inline !== undefined) return `${above}${indent}- ${inline}\n`;
  return `${above}${indent}- ${yamlOf(value, comments, `${indent}  `).slice(indent.length + 2)}`;
}

/** Of plain values and lists of them. */
function inlineOf(value: Yaml): string | undefined {
  if (typeof value !== 'object') return scalar(value);
  if (!isList(value) || value.some((item) => typeof item === 'object')) return undefined;
  return `[${value.map((item) => scalar(item as string)).join(', ')}]`;
}

function isList(value: Yaml): value is readonly Yaml[] {
  return Array.isArray(value);
}

/** What is surely text in any place; the rest in double quotes, where JSON is YAML. */
const PLAIN = /^[A-Za-z/][\w./@%+-]*$|^\d+(\.\d+)?(ms|s|m|h|d|w)$|^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/;
const NOT_TEXT = /^(null|true|false|yes|no|on|off|y|n)$/i;

/** `${` would stand for a variable of the environment, and `$${` is what it is written as. */
function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : quoted(value.replaceAll('${', () => '$${'));
}

/** JSON leaves alone what YAML takes for the end of a line, or does not take at all. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
