import type { Field, FieldLines } from './http1-parser.ts';

/**
 * The part of HPACK (RFC 7541) that a test client needs. It writes every field as a literal without indexing, whatever
 * bytes are in it: that is how names and values that no library sends get on the wire. It reads what a peer writes that
 * was told to keep no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0).
 */

/** Literal Header Field without Indexing, New Name (§6.2.2). Text is latin1. */
export function encodeFields(fields: FieldLines): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), encodeString(name), encodeString(value)]));
}

export function decodeFields(block: Buffer): Field[] {
  const reader = new BlockReader(block);
  const fields: Field[] = [];
  while (!reader.done) {
    const field = readField(reader);
    if (field !== undefined) fields.push(field);
  }
  return fields;
}

function readField(reader: BlockReader): Field | undefined {
  const first = reader.peek();
  if (first & 0x80) return tableEntry(reader.integer(7)); // §6.1 indexed
  if ((first & 0xe0) === 0x20) {
    reader.integer(5); // §6.3 dynamic table size update
    return undefined;
  }
  const index = reader.integer(first & 0x40 ? 6 : 4); // §6.2 literals
  return [index === 0 ? reader.string() : tableEntry(index)[0], reader.string()];
}

function tableEntry(index: number): Field {
  const entry = STATIC_TABLE[index - 1];
  if (entry === undefined) throw new Error(`a dynamic table entry (${index}) although we allow none`);
  return entry;
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes]);
}

/** §5.1 */
function encodeInteger(value: number, prefix: number): Buffer {
  const limit = 2 ** prefix - 1;
  if (value < limit) return Buffer.of(value);
  const bytes = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.of(...bytes, rest);
}

class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get done(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    return this.#block.readUInt8(this.#at);
  }

  integer(prefix: number): number {
    const limit = 2 ** prefix - 1;
    let value = this.#block.readUInt8(this.#at++) & limit;
    if (value < limit) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#block.readUInt8(this.#at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  string(): string {
    const coded = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return coded ? decodeHuffman(bytes) : bytes.toString('latin1');
  }
}

/**
 * Appendix B, for the printable characters. The code is canonical – codes of one length follow each other by symbol –
 * so the symbols of each length say it all.
 */
const HUFFMAN: ReadonlyMap<string, string> = canonicalCodes({
  5: '012aceiost',
  6: ' %-./3456789=A_bdfghlmnpru',
  7: ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz',
  8: '&*,;XZ',
  10: '!"()?',
  11: "'+|",
  12: '#>',
  13: '\0$@[]~',
  14: '^}',
  15: '<`{',
  19: '\\',
});

function canonicalCodes(symbolsByLength: Readonly<Record<number, string>>): Map<string, string> {
  const codes = new Map<string, string>();
  let code = 0;
  let width = 0;
  for (const [length, symbols] of Object.entries(symbolsByLength)) {
    code *= 2 ** (Number(length) - width);
    width = Number(length);
    for (const symbol of symbols) codes.set((code++).toString(2).padStart(width, '0'), symbol);
  }
  return codes;
}

function decodeHuffman(bytes: Buffer): string {
  let text = '';
  let code = '';
  for (const bit of Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')) {
    code += bit;
    const symbol = HUFFMAN.get(code);
    if (symbol === undefined) continue;
    text += symbol;
    code = '';
  }
  if (!/^1{0,7}$/.test(code)) throw new Error(`Huffman code ${code} is not known here`);
  return text;
}

/** Appendix A. */
const STATIC_TABLE: FieldLines = `
:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|
:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|
accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|
content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|
cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|
last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|
server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`
  .replaceAll('\n', '')
  .split('|')
  .map((entry) => {
    const [name = '', ...value] = entry.split(' ');
    return [name, value.join(' ')] as const;
  });
