import { Problem, shown } from './problem.ts';
import { ipv4FromText, ipv4ToText, ipv6FromText, ipv6ToText } from './rdata-field.ts';
import { base64FromText, stringToText, unescaped } from './rdata-text.ts';

/** Parameters of SVCB and HTTPS records: their keys, and how the value of each looks (RFC 9460 §2.1, §7, §8, appendix A). */

/** `alpn="h2,h3"`. A key that is written as a number has its value as on the wire, whatever it means (RFC 9460 §2.1). */
export function parameterFromText(text: string): [number, Buffer] {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  const key = keyFromText(name);
  if (key === INVALID_KEY) throw new Problem(`the key ${name} is reserved`);
  const value = equals === -1 ? Buffer.alloc(0) : unescaped(withoutQuotes(text.slice(equals + 1)));
  try {
    if (Object.hasOwn(KEYS, name.toLowerCase())) return [key, (FORMATS[key] ?? OPAQUE).read(value)];
    FORMATS[key]?.show(value); // only to check it
    return [key, value];
  } catch (error) {
    if (error instanceof Problem) throw new Problem(`${keyToText(key)}: ${error.message}`);
    throw error;
  }
}

export function parameterToText(key: number, value: Buffer): string {
  const shownValue = (FORMATS[key] ?? OPAQUE).show(value);
  if (shownValue === undefined) return keyToText(key);
  const text = shownValue.toString('latin1');
  return `${keyToText(key)}=${/^[\w.:,/+=-]+$/.test(text) ? text : stringToText(shownValue)}`;
}

/** What parameters must be true of one another: RFC 9460 §7.1.1 and §8. */
export function checkTogether(values: ReadonlyMap<number, Buffer>): void {
  if (values.has(NO_DEFAULT_ALPN) && !values.has(ALPN)) throw new Problem('no-default-alpn: expected alpn as well');
  const mandatory = values.get(MANDATORY);
  if (mandatory === undefined) return;
  let last = -1;
  for (const piece of inPieces(mandatory, 2)) {
    const key = piece.readUInt16BE();
    if (key === MANDATORY) throw new Problem('mandatory: expected it not to name itself');
    if (key === last) throw new Problem(`mandatory: ${keyToText(key)} stands there twice`);
    if (key < last) throw new Problem('mandatory: expected keys in ascending order');
    if (!values.has(key)) throw new Problem(`mandatory: expected the parameter ${keyToText(key)} as well`);
    last = key;
  }
}

export function keyToText(key: number): string {
  return KEY_NAMES.get(key) ?? `key${key}`;
}

/** How the value of a key looks. Both throw a `Problem` when it does not. */
interface Format {
  /** Of the value in text, its escapes undone; empty when there is none. */
  readonly read: (value: Buffer) => Buffer;
  /** `undefined` when the key stands alone. */
  readonly show: (value: Buffer) => Buffer | undefined;
}

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;

/** Numbers of the registry that RFC 9460 §14.3.2 began; dohpath is of RFC 9461, ohttp of RFC 9540. */
const KEYS: Readonly<Record<string, number>> = {
  mandatory: MANDATORY,
  alpn: ALPN,
  'no-default-alpn': NO_DEFAULT_ALPN,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  dohpath: 7,
  ohttp: 8,
};

const KEY_NAMES = new Map(Object.entries(KEYS).map(([name, key]) => [key, name]));

/** RFC 9460 §14.3: it will never mean anything. */
const INVALID_KEY = 65_535;

const FLAG: Format = {
  read: (value) => {
    if (value.length > 0) throw new Problem('expected no value');
    return value;
  },
  show: (value) => {
    if (value.length > 0) throw new Problem('expected no value');
    return undefined;
  },
};

const OPAQUE: Format = {
  read: (value) => value,
  show: (value) => (value.length === 0 ? undefined : value),
};

/** RFC 9460 §8: keys that a client has to understand, in ascending order. */
const KEY_LIST: Format = {
  read: (value) => {
    const keys = commaSeparated(value).map((item) => keyFromText(item.toString('latin1')));
    keys.sort((a, b) => a - b);
    return Buffer.from(keys.flatMap((key) => [key >>> 8, key & 255]));
  },
  show: (value) => joined(inPieces(value, 2).map((piece) => keyToText(piece.readUInt16BE()))),
};

/** RFC 9460 §7.1.1: protocols, each behind a byte that tells its length. */
const PROTOCOL_LIST: Format = {
  read: (value) =>
    Buffer.concat(
      commaSeparated(value).map((item) => {
        if (item.length > 255) throw new Problem('expected a protocol of at most 255 bytes');
        return Buffer.concat([Buffer.from([item.length]), item]);
      }),
    ),
  show: (value) => {
    const items: string[] = [];
    for (let at = 0; at < value.length; at += 1 + (value[at] as number)) {
      const item = value.subarray(at + 1, at + 1 + (value[at] as number));
      if (item.length === 0 || item.length !== value[at]) throw new Problem('expected a list of protocols');
      items.push(item.toString('latin1').replaceAll('\\', '\\\\').replaceAll(',', '\\,'));
    }
    if (items.length === 0) throw new Problem('expected a list of protocols');
    return joined(items);
  },
};

const PORT: Format = {
  read: (value) => {
    const text = value.toString('latin1');
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535)) throw new Problem(`expected a port from 0 to 65535, got ${shown(text)}`);
    return Buffer.from([port >>> 8, port & 255]);
  },
  show: (value) => {
    if (value.length !== 2) throw new Problem('expected a port');
    return Buffer.from(String(value.readUInt16BE()));
  },
};

const BASE64: Format = {
  read: (value) => base64FromText(value.toString('latin1')),
  show: (value) => {
    if (value.length === 0) throw new Problem('expected a value');
    return Buffer.from(value.toString('base64'));
  },
};

/** RFC 9461 §5: a relative URI template with the variable dns. */
const TEMPLATE: Format = {
  read: checkedTemplate,
  show: checkedTemplate,
};

const FORMATS: Readonly<Record<number, Format>> = {
  [MANDATORY]: KEY_LIST,
  [ALPN]: PROTOCOL_LIST,
  [NO_DEFAULT_ALPN]: FLAG,
  3: PORT,
  4: addressList(4, ipv4FromText, ipv4ToText),
  5: BASE64,
  6: addressList(16, ipv6FromText, ipv6ToText),
  7: TEMPLATE,
  8: FLAG,
};

function keyFromText(text: string): number {
  const name = text.toLowerCase();
  if (Object.hasOwn(KEYS, name)) return KEYS[name] as number;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(name)?.[1];
  if (digits !== undefined && Number(digits) <= 65_535) return Number(digits);
  throw new Problem(`expected the key of a parameter, such as alpn or key65333, got ${shown(text)}`);
}

/** A list within a value: a comma or backslash of an item has a backslash before it (RFC 9460 §A.1). */
function commaSeparated(value: Buffer): Buffer[] {
  const items: Buffer[] = [];
  let item: number[] = [];
  for (let i = 0; i <= value.length; i++) {
    const byte = value[i];
    if (byte === undefined || byte === COMMA) {
      if (item.length === 0) throw new Problem('expected a list without empty items');
      items.push(Buffer.from(item));
      item = [];
      continue;
    }
    if (byte === BACKSLASH) i++;
    const meant = value[i];
    if (meant === undefined) throw new Problem('expected something after the backslash');
    item.push(meant);
  }
  return items;
}

const COMMA = 0x2c;
const BACKSLASH = 0x5c;

function addressList(size: number, read: (text: string) => Buffer, show: (bytes: Buffer) => string): Format {
  return {
    read: (value) => Buffer.concat(commaSeparated(value).map((item) => read(item.toString('latin1')))),
    show: (value) => joined(inPieces(value, size).map(show)),
  };
}

/** One piece at least, and no rest. */
function inPieces(value: Buffer, size: number): Buffer[] {
  if (value.length === 0 || value.length % size !== 0) throw new Problem(`expected pieces of ${size} bytes`);
  return Array.from({ length: value.length / size }, (_, i) => value.subarray(i * size, (i + 1) * size));
}

function joined(items: readonly string[]): Buffer {
  return Buffer.from(items.join(','), 'latin1');
}

function checkedTemplate(value: Buffer): Buffer {
  if (/\{[^}]*\bdns\b[^}]*\}/.test(value.toString('latin1'))) return value;
  throw new Problem(`expected a template with the variable dns, got ${shown(value.toString('latin1'))}`);
}

function withoutQuotes(text: string): string {
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"')) throw new Problem(`a quote in the middle of ${shown(text)}`);
  return text.slice(1, -1);
}
