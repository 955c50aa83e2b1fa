import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import type { ProxyErrorCode } from './error.ts';

/**
 * The seam between the protocol in front (HTTP/1.1, HTTP/2) and the pipeline: one request, one reply, no types of any
 * HTTP library. Everything that is decided between a client and an origin is decided on this.
 */

/** Header fields as they stand on the wire: name, value, name, value. Values are latin1; HTTP/2 names are lower case. */
export type Fields = readonly string[];

export type HttpVersion = '1.0' | '1.1' | '2.0';

/** A request as the protocol in front understood it: checked, and without what belongs to its connection alone. */
export interface RequestHead {
  readonly method: string;
  readonly version: HttpVersion;
  readonly scheme: 'http' | 'https';
  /** From the absolute-form target, else `Host` or `:authority`; in lower case: `www.example.com:8443`. */
  readonly authority: string;
  /** Path and query, byte for byte as they came (latin1). */
  readonly target: string;
  /** The end-to-end fields that are passed on as they are, in their order. */
  readonly fields: Fields;
  /** The fields that a proxy reads or writes itself; not in `fields`. */
  readonly known: KnownFields;
}

/** Several fields of one name are joined by ", " (RFC 9110 §5.3). */
export interface KnownFields {
  contentLength: number | undefined;
  chunked: boolean;
  /** The client asks for a WebSocket. */
  upgrade: 'websocket' | undefined;
  expectContinue: boolean;
  forwarded: string | undefined;
  xForwardedFor: string | undefined;
  xForwardedProto: string | undefined;
  xForwardedHost: string | undefined;
  requestId: string | undefined;
  via: string | undefined;
  cdnLoop: string | undefined;
  /** Those below are in `fields` as well. */
  accept: string | undefined;
  acceptEncoding: string | undefined;
  authorization: string | undefined;
  cacheControl: string | undefined;
  cookie: string | undefined;
  ifMatch: string | undefined;
  ifModifiedSince: string | undefined;
  ifNoneMatch: string | undefined;
  ifRange: string | undefined;
  ifUnmodifiedSince: string | undefined;
  pragma: string | undefined;
  range: string | undefined;
  userAgent: string | undefined;
  referer: string | undefined;
}

/** Where a connection comes from and where it arrived. After a PROXY header, what that says. */
export interface Endpoints {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** Fields that many replies have in common, so that each protocol writes them out once. */
export class SharedFields {
  readonly fields: Fields;
  /** As lines of HTTP/1.1, and with the names as HTTP/2 has them; made when first sent. */
  text: string | undefined;
  lowerCase: Fields | undefined;

  constructor(fields: Fields) {
    this.fields = fields;
  }
}

export interface ResponseHead {
  readonly status: number;
  /** Sent before `fields`. */
  readonly shared?: SharedFields | undefined;
  /** End-to-end fields only, and at most one Content-Length. Without one, the protocol in front tells the length. */
  readonly fields: Fields;
  /** What Content-Length says, for who can make use of it. */
  readonly length?: number | undefined;
}

/** What the protocol in front tells the pipeline of a running exchange. */
export interface ExchangeListener {
  /** `write` may go on. */
  drained(): void;
  /**
   * The client is gone, took nothing for too long, or broke its own request: nothing that is written from now on
   * arrives. The last call of an exchange that did not end by itself.
   */
  abandoned(why: ProxyErrorCode): void;
}

/** A request body that is read at the speed of who reads it. */
export interface RequestBody {
  /** From Content-Length; `undefined` when it is chunked or HTTP/2 does not say. */
  readonly length: number | undefined;
  readonly bytesReceived: number;
  /** Chunks until the end, once. Throws a `ProxyError` when the client breaks off or is too slow. */
  read(): AsyncIterable<Uint8Array>;
}

export interface Exchange {
  readonly head: RequestHead;
  readonly endpoints: Endpoints;
  /** `undefined` when the request has no body. */
  readonly body: RequestBody | undefined;
  /** Epoch milliseconds of the request head's arrival. */
  readonly startedAt: Ms;
  /** Body bytes written so far. */
  readonly bytesSent: number;
  /** Whether the head of the final reply is out. */
  readonly responded: boolean;
  listener: ExchangeListener | undefined;

  /** An interim (1xx) response. Dropped where the client's version has none. */
  inform(status: number, fields: Fields): void;
  /** The head of the reply; once. */
  respond(head: ResponseHead): void;
  /** A piece of the reply's body, lent until it returns. `false`: hold on until `drained`. */
  write(chunk: Uint8Array): boolean;
  /**
   * As `write`, without a copy: the chunk's memory stays as it is until `release`, which is called exactly once, when the
   * system has the bytes or the connection is gone; possibly before this returns.
   */
  writeOwned(chunk: Uint8Array, release: () => void): boolean;
  /** The reply is whole. Trailers are dropped where the protocol in front cannot send them. */
  end(trailers?: Fields): void;
  /** A whole reply at once. */
  reply(head: ResponseHead, body: Uint8Array | undefined): void;
  /** The reply cannot be finished: the client must see that it is broken (RFC 9112 §8), never a clean end. */
  breakOff(): void;
  /** Answers 101 with these fields and hands over the connection. Only after `known.upgrade`. */
  switchProtocols(fields: Fields): Duplex;
}
