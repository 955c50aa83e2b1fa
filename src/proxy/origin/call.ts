import type { Duplex } from 'node:stream';
import type { Fields } from '../exchange.ts';
import { fieldLines } from '../fields.ts';
import type { OriginFields } from '../headers.ts';

/** A request to an origin, as HTTP/1.1 will carry it. */
export interface OriginRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** Host among them, but nothing that tells of framing or of the connection. */
  readonly fields: Fields;
  /** More of them, as text: each a line with its CRLF. */
  readonly lines?: string;
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** Of the body; `undefined` when it is not known: it is sent in chunks then. */
  readonly length: number | undefined;
  /** Asks for a WebSocket. */
  readonly upgrade: boolean;
}

/** Where the response goes. After `end`, `switched` or `failed` nothing more comes. */
export interface OriginReplies {
  /** The request is about to be written: from now on the origin may act on it. `isKept`: the connection was in use before. */
  sent(isKept: boolean): void;
  interim(status: number, fields: OriginFields): void;
  /** May throw: the response is broken off, and `failed` gets what was thrown. */
  head(status: number, fields: OriginFields): void;
  /** The bytes are lent until it returns. `false`: hold on until `resume`. */
  body(chunk: Buffer): boolean;
  end(trailers: OriginFields): void;
  switched(fields: OriginFields, socket: Duplex): void;
  failed(error: Error): void;
}

/** A request that is under way. */
export interface OriginCall {
  resume(): void;
  /** Nobody wants the response any more: nothing more is told of it. */
  cancel(): void;
}

/** The head of a request. Its fields were checked where they came in: no byte of them can end a line. */
export function requestText({ method, target, fields, lines = '', body, length, upgrade }: OriginRequest): string {
  let text = `${method} ${target} HTTP/1.1\r\n${fieldLines(fields)}${lines}`;
  if (length !== undefined) text += `content-length: ${length}\r\n`;
  else if (body !== undefined) text += 'transfer-encoding: chunked\r\n';
  return upgrade ? `${text}connection: upgrade\r\nupgrade: websocket\r\n\r\n` : `${text}\r\n`;
}
