import type { Bytes, Ms } from '../../base/units.ts';
import type { Cache } from '../../cache/cache.ts';
import { preferredCoding } from '../../cache/compress/accept-encoding.ts';
import { type CompressedTaker, Compressor } from '../../cache/compress/compress.ts';
import { isCompressible } from '../../cache/compress/compressible.ts';
import { compressedFields, variedByEncoding } from '../../cache/compress/transformed.ts';
import { announcedPart } from '../../cache/conditional/part.ts';
import type { Flight } from '../../cache/flight.ts';
import type { CacheResponse } from '../../cache/message.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { NotWritten, ObjectWriter } from '../../cache/object-writer.ts';
import type { CacheQuery } from '../../cache/query.ts';
import type { CompressCoding } from '../../cache/rules.ts';
import { firstValue } from '../../cache/select/field.ts';
import { isSafeMethod } from '../../cache/semantics/invalidation.ts';
import { mayServeStale } from '../../cache/semantics/reuse.ts';
import type { StoreContext } from '../../cache/semantics/storable.ts';
import { ProxyError, type ProxyErrorCode } from '../error.ts';
import { Fetch, type FetchOrder, type FetchTarget } from '../fetch.ts';
import { type OriginFields, storableFields } from '../headers.ts';
import { ownCopy } from '../spent.ts';
import { failureOf } from './failure.ts';

/** The client whose request made us fetch. */
export interface FillClient {
  interim(status: number, fields: OriginFields): void;
  /** The response is being stored: read it from there. */
  stored(object: CachedObject): void;
  /** What was stored is good again. */
  freshened(object: CachedObject): void;
  /** The 304 was about something else than what is stored: it has to be asked for without a condition. */
  askAgain(): void;
  /** The origin answers with an error, in place of which what is stored may be served. */
  insteadOfError(status: number): void;
  /** The response is not stored, for this reason, or it is a part and stored beside: its body comes by `piece`, up to `whole`. */
  passing(status: number, fields: OriginFields, reason: NotWritten | undefined): void;
  piece(chunk: Uint8Array): boolean;
  whole(trailers: OriginFields): void;
  /** What is stored ends before its end, for this reason; what follows comes by `piece` once that is read and `rest` was called. */
  cutOff(reason: NotWritten): void;
  /** The response broke off within its body. */
  broken(error: ProxyErrorCode): void;
  /** No origin gave a response. */
  failed(error: ProxyErrorCode, status: number): void;
}

export interface FillParts {
  readonly cache: Cache;
  readonly query: CacheQuery;
  readonly order: FetchOrder;
  /** What is validated by this fetch. */
  readonly candidate: CachedObject | undefined;
  /** A stored part that is to be completed by this fetch. */
  readonly part?: CachedObject | undefined;
  /** Where others wait for the outcome. */
  readonly flight: Flight | undefined;
  /** Keeps alive what the fetch needs, beyond the exchange that began it. */
  readonly hold: { enter(): void; leave(): void };
  /** `false`: the response is passed on and nothing else. */
  readonly mayStore: boolean;
}

/** What those who wait are told when the origin answered with an error in place of which something stored may do. */
export const ERROR_STATUS = 'error-status';

/** How often a fetch whose client has left looks whether others still wait for it. */
const LOOK_EVERY: Ms = 500;

/** A client that leaves does not make us give up a body of which no more than this is still to come. */
export const WORTH_FINISHING = 65_536;

/**
 * A fetch whose response is stored, if it may be. It goes on without the client that began it for as long as others
 * wait for it.
 *
 *     waiting ▸ 304: freshened                            ▸ over
 *             ▸ stored: bytes go to the writer            ▸ over
 *                 ▸ cut off: the writer takes no more, what follows passes to the client
 *             ▸ not stored: bytes pass to the client      ▸ over
 */
export class Fill implements FetchTarget, CompressedTaker {
  readonly fetch: Fetch;
  readonly #parts: FillParts;
  readonly #sequence: number;
  readonly #requestTime: number;
  #flight: Flight | undefined;
  #client: FillClient | undefined;
  #writer: ObjectWriter | undefined;
  /** What came after the writer took no more, and before the client had read what it has. */
  #rest: Buffer[] | undefined;
  #compressor: Compressor | undefined;
  #ended: OriginFields | undefined;
  #ignored = false;
  /** What comes is a part: the client gets it as it comes, and it is stored beside that. */
  #isPart = false;
  #over = false;
  #lookout: NodeJS.Timeout | undefined;

  constructor(parts: FillParts, client: FillClient | undefined) {
    this.#parts = parts;
    this.#client = client;
    this.#flight = parts.flight;
    this.#sequence = parts.cache.nextSequence();
    this.#requestTime = parts.cache.now();
    this.fetch = new Fetch(parts.order, this);
    parts.hold.enter();
  }

  start(): void {
    this.fetch.start();
  }

  /** The client can take more. */
  resume(): void {
    this.fetch.resume();
  }

  /** The client is gone. */
  leave(): void {
    this.#client = undefined;
    this.#goOnWhileWanted();
  }

  /** The client has all that it asked for: what is still to come is for the cache. */
  detach(): void {
    this.#client = undefined;
  }

  /** The client has read all that is stored: what follows is for it alone. */
  rest(): void {
    const chunks = this.#rest ?? [];
    this.#rest = undefined;
    let ready = true;
    for (const chunk of chunks) ready = this.#client?.piece(chunk) ?? true;
    if (this.#ended !== undefined) this.#end(this.#ended);
    else if (ready) this.fetch.resume();
  }

  interim(status: number, fields: OriginFields): void {
    this.#client?.interim(status, fields);
  }

  head(status: number, fields: OriginFields): void {
    const { cache, query, order, candidate, mayStore } = this.#parts;
    const response: CacheResponse = { status, fields: storableFields(fields) };
    const part = status === 206 ? announcedPart(response.fields, lengthOf(response)) : undefined;
    const context = cache.storeContext(query, order.head.method, this.#requestTime, part !== undefined);
    // Of a HEAD, it is about the client's own condition.
    if (candidate !== undefined && status === 304 && order.head.method === 'GET') {
      this.#ignored = true;
      const object = cache.freshen(candidate, response, context, this.#sequence);
      this.#land();
      if (object === undefined) this.#client?.askAgain();
      else if (this.#client === undefined) cache.discard(object);
      else this.#client.freshened(object);
      return;
    }
    if (candidate !== undefined && isServerError(status) && cache.isKept(candidate)) {
      if (mayServeStale(candidate.stored, 'error', query.rules, cache.now(), candidate.purged)) {
        this.#ignored = true;
        this.#flight?.fail(ERROR_STATUS);
        this.#flight = undefined;
        this.#client?.insteadOfError(status);
        return;
      }
    }
    if (this.#parts.part !== undefined && (status === 206 || status === 416)) {
      this.#complete(this.#parts.part, response, context);
      return;
    }
    cache.invalidateBy(query, order.head.method, response);
    if (candidate !== undefined && order.head.method === 'HEAD')
      cache.updateByHead(query, candidate, response, context, this.#sequence);
    const length = part?.length ?? lengthOf(response);
    const coded = mayStore && part === undefined ? compressed(query, response, length) : undefined;
    const stored = coded?.response ?? response;
    const storedLength = coded?.coding === undefined ? length : undefined;
    // What a POST brings for GETs is newer than what it has made invalid.
    const sequence = isSafeMethod(order.head.method) ? this.#sequence : cache.nextSequence();
    const writer = mayStore ? cache.store(query, stored, context, sequence, storedLength, part) : 'bypass';
    if (typeof writer === 'string') {
      if (candidate !== undefined) cache.overtaken(candidate, status, writer);
      this.#land(writer);
      if (this.#client === undefined) this.#giveUp();
      else this.#client.passing(status, fields, writer);
    } else if (part !== undefined) {
      this.#writer = writer;
      this.#isPart = true;
      this.#land();
      this.#client?.passing(status, fields, undefined);
    } else {
      if (coded?.coding !== undefined) this.#compressor = new Compressor(coded.coding, this, length);
      this.#storeWith(writer);
    }
  }

  #storeWith(writer: ObjectWriter): void {
    this.#writer = writer;
    if (this.#client !== undefined) writer.object.opened = writer.open();
    this.#land();
    this.#client?.stored(writer.object);
  }

  /** What was asked for is what a stored part lacks. */
  #complete(part: CachedObject, response: CacheResponse, context: StoreContext): void {
    const { cache, query } = this.#parts;
    const writer = cache.join206(query, part, response, { ...context, partUsable: false }, this.#sequence);
    if (writer !== undefined) {
      this.#storeWith(writer);
      return;
    }
    this.#ignored = true;
    this.#land();
    this.#client?.askAgain();
  }

  body(chunk: Uint8Array): boolean {
    if (this.#ignored || this.#over) return true;
    if (this.#compressor !== undefined) return this.#compressor.push(chunk) && this.#rest === undefined;
    return this.#take(chunk);
  }

  /** Of the compressor, whose bytes are ours. */
  piece(bytes: Buffer): void {
    if (!this.#over) this.#take(bytes);
  }

  drained(): void {
    if (this.#rest === undefined) this.fetch.resume();
  }

  /** A piece of what is stored, or of what passes. */
  #take(chunk: Uint8Array): boolean {
    if (this.#rest !== undefined) {
      this.#rest.push(ownCopy(chunk));
      return false;
    }
    if (this.#writer === undefined) return this.#client?.piece(chunk) ?? true;
    if (this.#isPart) return this.#tee(this.#writer, chunk);
    return this.#store(this.#writer, chunk);
  }

  #store(writer: ObjectWriter, chunk: Uint8Array): boolean {
    const { isTooLong } = writer;
    if (!writer.append(chunk, this.#client === undefined ? 0 : 1)) {
      this.#cutOff(writer, chunk);
      return false;
    }
    // Goes on for those who read it, and nobody else should join them.
    if (writer.isTooLong && !isTooLong) this.#parts.cache.markTooLarge(this.#parts.query);
    return true;
  }

  /** The response is whole; or all of it is compressed. */
  end(trailers?: OriginFields): void {
    if (trailers !== undefined && this.#compressor !== undefined) this.#compressor.end();
    else this.#end(trailers ?? NO_TRAILERS);
  }

  #end(trailers: OriginFields): void {
    if (this.#rest !== undefined) {
      this.#ended = trailers;
      return;
    }
    if (this.#over) return;
    this.#finish();
    this.#writer?.complete();
    if ((this.#writer === undefined || this.#isPart) && !this.#ignored) this.#client?.whole(trailers);
  }

  #tee(writer: ObjectWriter, chunk: Uint8Array): boolean {
    if (!writer.append(chunk)) {
      writer.fail();
      this.#writer = undefined;
    }
    return this.#client?.piece(chunk) ?? true;
  }

  upgraded(): void {
    throw new ProxyError('http_upgrade_failed', 'an upgrade that was not asked for');
  }

  broken(error: ProxyErrorCode): void {
    if (this.#over) return;
    this.#finish();
    if (this.#ignored) return;
    this.#writer?.fail();
    if (this.#writer === undefined || this.#isPart) this.#client?.broken(error);
  }

  /** By the fetch; or by the compressor, which has no status. */
  failed(error: ProxyErrorCode | Error, status = 502): void {
    if (typeof error !== 'string') {
      this.fetch.cancel();
      this.broken('proxy_internal_error');
      return;
    }
    if (this.#over) return;
    // What this request brought upon itself, others need not suffer: they look again, and one of them asks.
    if (isEverybodys(error)) this.#flight?.fail(`${status} ${error}`);
    else this.#flight?.release();
    this.#flight = undefined;
    this.#finish();
    this.#client?.failed(error, status);
  }

  /** Those who wait are told to look again; or, of a response that is not for all, each to ask for itself. */
  #land(reason?: NotWritten): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    this.#flight = undefined;
    if (reason !== undefined && OF_RESPONSE.has(reason) && flight.others > 0) {
      this.#parts.cache.markUnshareable(this.#parts.query);
    }
    flight.release();
  }

  /** Who leaves next does not say so, and may be in another thread: it is looked at from time to time. */
  #goOnWhileWanted(): void {
    if (this.#over) return;
    // Whoever has found it by then is counted, and nobody else will find it.
    if (!this.#isWanted()) this.#writer?.withdraw();
    if (this.#isWanted()) this.#lookout = setTimeout(() => this.#goOnWhileWanted(), LOOK_EVERY).unref();
    else this.#giveUp();
  }

  #isWanted(): boolean {
    if (this.#ignored) return false;
    if (this.#writer === undefined) return this.#flight !== undefined && this.#flight.others > 0;
    return this.#writer.others > 0 || this.#writer.remaining <= WORTH_FINISHING;
  }

  /** Nobody is there any more for whom it would be worth while. */
  #giveUp(): void {
    this.fetch.cancel();
    this.#flight?.release();
    this.#flight = undefined;
    this.#writer?.fail();
    this.#finish();
  }

  /** No more can be stored: what there is stays for who reads it, and the rest passes to the client alone. */
  #cutOff(writer: ObjectWriter, chunk: Uint8Array): void {
    const { cache, query } = this.#parts;
    // Without room now, there may be some for the next one.
    if (!writer.isTooLong && writer.refusal === 'too-large') cache.markTooLarge(query);
    cache.counters.notStored(writer.refusal);
    if (this.#client === undefined) {
      this.#giveUp();
      return;
    }
    this.#writer = undefined;
    this.#rest = [ownCopy(chunk)];
    this.#client.cutOff(writer.refusal);
    // Who has read all that there is asks for the rest at once: the fetch has to be held back by then.
    queueMicrotask(() => writer.cutOff());
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#lookout);
    this.#compressor?.abort();
    this.#parts.hold.leave();
  }
}

/** RFC 5861 §4. */
function isServerError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}

/** Of the reasons not to store a response, those that stand in itself and not in the request for it. */
const OF_RESPONSE: ReadonlySet<NotWritten> = new Set<NotWritten>([
  'must-understand',
  'no-store',
  'private',
  'set-cookie',
  'vary-star',
  'no-freshness',
  'no-cache',
  'expired',
  'too-large',
]);

/** Whether no origin could be had at all, or was silent: whoever asks next would wait for the same. */
function isEverybodys(error: ProxyErrorCode): boolean {
  const failure = failureOf(error);
  return failure === 'silent' || (failure === 'unreachable' && error !== 'connection_terminated');
}

const NO_TRAILERS: OriginFields = {};

interface Coded {
  readonly response: CacheResponse;
  /** `undefined`: it stays as it is, for this client. */
  readonly coding: CompressCoding | undefined;
}

/** As it is to be stored where the route compresses: once for each coding that clients like best. */
function compressed(query: CacheQuery, response: CacheResponse, length: Bytes | undefined): Coded | undefined {
  const { compress } = query.rules;
  if (compress.length === 0 || !isCompressible(response, length)) return undefined;
  const coding = preferredCoding(query.request.known.acceptEncoding, compress);
  const { status, fields } = response;
  if (coding === 'identity') return { response: { status, fields: variedByEncoding(fields) }, coding: undefined };
  return { response: { status, fields: compressedFields(fields, coding) }, coding };
}

/** What Content-Length says of the body. */
function lengthOf({ status, fields }: CacheResponse): Bytes | undefined {
  if (status === 204) return 0;
  const length = firstValue(fields, 'content-length');
  return length === undefined ? undefined : Number(length);
}
