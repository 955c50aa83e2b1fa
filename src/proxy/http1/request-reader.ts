import { type CollectedFields, collectFields } from '../fields.ts';
import { type ReadRequest, type RequestLimits, readRequest1 } from '../request-head.ts';
import { parseFieldLines, parseRequestLine, type RequestLine } from './request-text.ts';

/** A request's head, read and judged. Those that are alike share it: it must not be changed. */
export interface Http1Request {
  readonly line: RequestLine;
  readonly read: ReadRequest;
  /** Whether its client would send another one after it (RFC 9112 §9.3). */
  readonly persistent: boolean;
}

/** Heads that are longer are not kept for the next request: there may be many connections. Characters. */
const KEPT_MAX = 2_048;

/**
 * Reads the heads of the requests of one connection. A client says nearly the same with each: often it is the target
 * alone that changes, and then the fields of the request before are those of this one. To compare takes a twentieth of
 * the time that reading them does.
 */
export class RequestReader {
  readonly #scheme: 'http' | 'https';
  readonly #isSibling: (() => boolean) | undefined;
  #text = '';
  #limits: RequestLimits | undefined;
  #request: Http1Request | undefined;
  #fieldsText = '';
  #fields: readonly string[] = [];
  #sorted: CollectedFields = collectFields([]);

  /** `isSibling`: see `readRequest1`. */
  constructor(scheme: 'http' | 'https', isSibling?: () => boolean) {
    this.#scheme = scheme;
    this.#isSibling = isSibling;
  }

  /** `text` is the head without the empty line that ends it. Throws a `ProxyError` for what is no head. */
  read(text: string, limits: RequestLimits): Http1Request {
    if (text === this.#text && limits === this.#limits) return this.#request as Http1Request;
    const request = this.#parse(text, limits);
    // Who is believed may be so no more when it says the same again.
    const { read } = request;
    if (text.length <= KEPT_MAX && (!read.ok || read.head.scheme === this.#scheme)) {
      this.#text = text;
      this.#limits = limits;
      this.#request = request;
    }
    return request;
  }

  #parse(text: string, limits: RequestLimits): Http1Request {
    const lineEnd = text.indexOf('\r\n');
    const line = parseRequestLine(lineEnd === -1 ? text : text.slice(0, lineEnd));
    const fieldsText = lineEnd === -1 ? '' : text.slice(lineEnd);
    let fields = this.#fields;
    let sorted = this.#sorted;
    if (fieldsText !== this.#fieldsText) {
      fields = parseFieldLines(fieldsText);
      sorted = collectFields(fields);
      if (fieldsText.length <= KEPT_MAX) {
        this.#fieldsText = fieldsText;
        this.#fields = fields;
        this.#sorted = sorted;
      }
    }
    const read = readRequest1({ ...line, fields }, this.#scheme, limits, sorted, this.#isSibling);
    return { line, read, persistent: isPersistent(line, sorted.connection) };
  }
}

function isPersistent({ version }: RequestLine, options: readonly string[]): boolean {
  if (options.includes('close')) return false;
  return version === '1.1' || options.includes('keep-alive');
}
