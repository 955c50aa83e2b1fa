/**
 * Text from the network as parts of a log line. It may hold any byte (as latin1) and is chosen by whoever attacks us: what
 * comes out is ASCII, and cannot end its field or its line. Ordinary text comes out as it is, after one look.
 */

/**
 * The same JSON in ASCII: a byte above becomes `\u00XX`, so bytes are told as they came, without guessing an encoding.
 * (`JSON.stringify` has dealt with what is below a space.)
 */
export function asciiJson(json: string): string {
  if (Buffer.byteLength(json) === json.length) return json; // faster than a regular expression
  return json.replace(/[\x80-\uffff]/g, (char) => {
    const code = char.charCodeAt(0);
    return JSON_ESCAPES[code] ?? `\\u${hex(code, 4)}`;
  });
}

/** For between double quotes, as Apache's `ap_escape_logitem`: `\"`, `\\`, `\n`, `\x00`. */
export function apacheText(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? text : escapeBytes(text, APACHE_ESCAPES);
}

/** For between spaces, as Squid writes URLs: whatever is not `!` to `~` becomes `%XX`, and nothing becomes `-`. */
export function token(text: string): string {
  if (text === '') return '-';
  return /^[!-~]+$/.test(text) ? text : escapeBytes(text, TOKEN_ESCAPES);
}

/** What stands for each byte; `undefined` where that is the byte itself. */
type Escapes = readonly (string | undefined)[];

const JSON_ESCAPES = escapes((byte) => (byte < 0x80 ? undefined : `\\u${hex(byte, 4)}`));
const TOKEN_ESCAPES = escapes((byte) =>
  isPrintable(byte) && byte !== 0x20 ? undefined : `%${hex(byte, 2).toUpperCase()}`,
);
const APACHE_NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
const APACHE_ESCAPES = escapes(
  (byte) => APACHE_NAMED[String.fromCharCode(byte)] ?? (isPrintable(byte) ? undefined : `\\x${hex(byte, 2)}`),
);

/** A loop, for the attacker's 64 KiB of `\xff`: a function called for each match takes three times as long. */
function escapeBytes(text: string, table: Escapes): string {
  const bytes = bytesOf(text);
  let escaped = '';
  let start = 0;
  for (let i = 0; i < bytes.length; i++) {
    const replacement = table[bytes.charCodeAt(i)];
    if (replacement === undefined) continue;
    escaped += bytes.slice(start, i) + replacement;
    start = i + 1;
  }
  return escaped + bytes.slice(start);
}

/** A character above U+00FF is not from the network but from our own configuration: it is told in UTF-8. */
function bytesOf(text: string): string {
  return /[\u0100-\uffff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

function escapes(of: (byte: number) => string | undefined): Escapes {
  return Array.from({ length: 256 }, (_, byte) => of(byte));
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
