/** A line as words: keepalived has two ways, an easy one for most lines and one like a shell's for programs. */

/** `undefined`: a double quote is not closed. What stands in double quotes is a word of its own, even right behind another. */
export function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/"([^"]*)"|([^\s"]+|")/g)) {
    if (plain === '"') return undefined;
    words.push(quoted ?? plain ?? '');
  }
  return words;
}

/**
 * As `script` and `notify_…` are read: either quote, in the middle of a word as well, and escapes as in C. `undefined`: a quote
 * is not closed, or a backslash stands at the end.
 */
export function shellWordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '\\') {
      const escaped = escapeAt(text, i + 1);
      if (escaped === undefined) return undefined;
      word = (word ?? '') + escaped.value;
      i += escaped.length;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** What stands behind a backslash: `x41`, `101`, `cA`, a letter of the table, or a character as it is. */
function escapeAt(text: string, at: number): { value: string; length: number } | undefined {
  const rest = text.slice(at, at + 3);
  const [hex] = /^x[0-9a-fA-F]{1,2}/.exec(rest) ?? [];
  if (hex !== undefined) return { value: String.fromCharCode(Number.parseInt(hex.slice(1), 16)), length: hex.length };
  const [octal] = /^[0-7]{1,3}/.exec(rest) ?? [];
  if (octal !== undefined)
    return { value: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), length: octal.length };
  const [first, second] = rest;
  if (first === undefined) return undefined;
  if (first === 'c' && second !== undefined) {
    return { value: String.fromCharCode(second.charCodeAt(0) & 0x1f), length: 2 };
  }
  return { value: ESCAPES[first] ?? first, length: 1 };
}
