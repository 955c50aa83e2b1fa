/**
 * A strict HTTP/1.1 reader of our own, for both ends of the tests: it takes only what RFC 9112 lets a sender generate
 * and none of what it lets a recipient forgive. What Portico sends must pass here, or two readers may see two things.
 */

export type Field = readonly [name: string, value: string];
export type FieldLines = readonly Field[];

export interface MessageHead {
  readonly startLine: string;
  readonly fields: FieldLines;
}

/** How the end of a body is told (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface MessageSink {
  head(head: MessageHead): Framing;
  data(bytes: Buffer): void;
  end(trailers: FieldLines): void;
}

/** The bytes are not what a sender may generate. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

type Expecting = 'start-line' | 'fields' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'close';

export class Http1Parser {
  readonly #sink: MessageSink;
  #unread: Buffer = Buffer.alloc(0);
  #expecting: Expecting = 'start-line';
  #startLine = '';
  #fields: Field[] = [];
  #left = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Whether the bytes so far end exactly where a message does. */
  get between(): boolean {
    return this.#expecting === 'start-line' && this.#unread.length === 0;
  }

  /** Throws a `FramingError` at the first byte that a strict sender would not have sent. */
  push(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#step());
  }

  /** The stream has ended: `true` when that is where a message may end. */
  finish(): boolean {
    if (this.#expecting === 'close') this.#endMessage([]);
    return this.between;
  }

  #step(): boolean {
    switch (this.#expecting) {
      case 'length':
      case 'chunk-data':
      case 'close':
        return this.#takeData();
      default: {
        const line = this.#takeLine();
        if (line === undefined) return false;
        this.#takeFrom(line);
        return true;
      }
    }
  }

  #takeFrom(line: string): void {
    switch (this.#expecting) {
      case 'start-line':
        this.#startLine = line;
        this.#fields = [];
        this.#expecting = 'fields';
        return;
      case 'fields':
        if (line !== '') this.#fields.push(readField(line));
        else this.#startBody(this.#sink.head({ startLine: this.#startLine, fields: this.#fields }));
        return;
      case 'chunk-size':
        if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new FramingError(`a chunk size of ${JSON.stringify(line)}`);
        this.#left = Number.parseInt(line, 16);
        this.#fields = [];
        this.#expecting = this.#left === 0 ? 'trailers' : 'chunk-data';
        return;
      case 'chunk-end':
        if (line !== '') throw new FramingError(`a chunk longer than its size: ${JSON.stringify(line)}`);
        this.#expecting = 'chunk-size';
        return;
      case 'trailers':
        if (line !== '') this.#fields.push(readField(line));
        else this.#endMessage(this.#fields);
        return;
    }
  }

  #startBody(framing: Framing): void {
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) {
      this.#endMessage([]);
      return;
    }
    this.#expecting = framing.kind === 'chunked' ? 'chunk-size' : framing.kind;
    this.#left = framing.kind === 'length' ? framing.length : Number.POSITIVE_INFINITY;
  }

  #takeData(): boolean {
    const piece = this.#unread.subarray(0, Math.min(this.#left, this.#unread.length));
    if (piece.length === 0) return false;
    this.#unread = this.#unread.subarray(piece.length);
    this.#left -= piece.length;
    this.#sink.data(piece);
    if (this.#left > 0) return false;
    if (this.#expecting === 'length') this.#endMessage([]);
    else this.#expecting = 'chunk-end';
    return true;
  }

  #endMessage(trailers: FieldLines): void {
    this.#expecting = 'start-line';
    this.#sink.end(trailers);
  }

  /** The next line without its CRLF; `undefined` while it is not whole. */
  #takeLine(): string | undefined {
    const end = this.#unread.indexOf('\n');
    if (end === -1) return undefined;
    const line = this.#unread.toString('latin1', 0, end + 1);
    this.#unread = this.#unread.subarray(end + 1);
    if (!line.endsWith('\r\n')) throw new FramingError(`a line that ends in a bare LF: ${JSON.stringify(line)}`);
    const text = line.slice(0, -2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) throw new FramingError(`a control in a line: ${JSON.stringify(text)}`);
    return text;
  }
}

export interface RequestLine {
  readonly method: string;
  readonly target: string;
}

export function readRequestLine(line: string): RequestLine {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\s#]+) HTTP\/1\.1$/.exec(line);
  if (match === null) throw new FramingError(`a request line of ${JSON.stringify(line)}`);
  return { method: match[1] as string, target: match[2] as string };
}

export function readStatusLine(line: string): { status: number; reason: string } {
  const match = /^HTTP\/1\.1 ([1-9]\d\d) ([^\r\n]*)$/.exec(line);
  if (match === null) throw new FramingError(`a status line of ${JSON.stringify(line)}`);
  return { status: Number(match[1]), reason: match[2] as string };
}

export function requestFraming({ startLine, fields }: MessageHead): Framing {
  if (valuesOf(fields, 'host').length !== 1) throw new FramingError(`not exactly one Host in ${startLine}`);
  return declaredFraming(fields) ?? { kind: 'none' };
}

/** `method` is that of the request: what answers HEAD has no body, whatever it declares. */
export function responseFraming(head: MessageHead, method: string): Framing {
  const { status } = readStatusLine(head.startLine);
  const declared = declaredFraming(head.fields);
  if ((status < 200 || status === 204) && declared !== undefined) {
    throw new FramingError(`a ${status} that declares a body (RFC 9110 §8.6, RFC 9112 §6.1)`);
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  return declared ?? { kind: 'close' };
}

function declaredFraming(fields: FieldLines): Framing | undefined {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) {
    throw new FramingError(`more than one word on framing: ${JSON.stringify([...lengths, ...codings])}`);
  }
  if (codings[0] !== undefined) {
    if (codings[0] !== 'chunked') throw new FramingError(`a Transfer-Encoding of ${JSON.stringify(codings[0])}`);
    return { kind: 'chunked' };
  }
  if (lengths[0] === undefined) return undefined;
  if (!/^(0|[1-9]\d{0,14})$/.test(lengths[0])) {
    throw new FramingError(`a Content-Length of ${JSON.stringify(lengths[0])}`);
  }
  return { kind: 'length', length: Number(lengths[0]) };
}

function readField(line: string): Field {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null) throw new FramingError(`a field line of ${JSON.stringify(line)}`);
  return [match[1] as string, match[2] as string];
}

/** The values of all fields called `name`, whatever its case, in order. */
export function valuesOf(fields: FieldLines, name: string): string[] {
  const wanted = name.toLowerCase();
  return fields.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
}
