import type { Bytes, Ms } from '../../base/units.ts';
import { type CompressedTaker, Compressor } from '../../cache/compress/compress.ts';
import type { NotWritten, ObjectWriter } from '../../cache/object-writer.ts';
import { ProxyError, type ProxyErrorCode } from '../error.ts';
import { Fetch, type FetchTarget } from '../fetch.ts';
import type { OriginFields } from '../headers.ts';
import type { SiblingJudgement, SiblingOrder } from '../sibling-attempt.ts';
import { siblingQuestion } from '../sibling-request.ts';
import type { FillClient } from './fill-client.ts';
import type { FillParts } from './fill-parts.ts';
import { isOfResponse, Landing } from './landing.ts';
import { receive, vetted } from './received.ts';
import { Rest } from './rest.ts';

/** How often a fetch whose client has left looks whether others still wait for it. */
const LOOK_EVERY: Ms = 500;

/** A client that leaves does not make us give up a body of which no more than this is still to come. */
const WORTH_FINISHING = 65_536;

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
  #sequence: number;
  readonly #requestTime: number;
  readonly #landing: Landing;
  #client: FillClient | undefined;
  #writer: ObjectWriter | undefined;
  /** What came after the writer took no more, and before the client had read what it has. */
  #rest: Rest | undefined;
  #compressor: Compressor | undefined;
  #ignored = false;
  /** What comes is a part: the client gets it as it comes, and it is stored beside that. */
  #isPart = false;
  #over = false;
  #lookout: NodeJS.Timeout | undefined;

  constructor(parts: FillParts, client: FillClient | undefined) {
    this.#parts = parts;
    this.#client = client;
    this.#landing = new Landing(parts.flight);
    this.#sequence = parts.cache.nextSequence();
    this.#requestTime = parts.cache.now();
    this.fetch = new Fetch(parts.order, this, this.#siblingOrder());
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

  /** The client needs nothing of the body, which is of this length; `undefined`: it did not say. */
  dispense(length: Bytes | undefined): void {
    // The rest of a short body is cheaper than another connection to the origin.
    if (length !== undefined && length <= WORTH_FINISHING) this.detach();
    else this.leave();
  }

  /** The client has read all that is stored: what follows is for it alone. */
  rest(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    const ready = rest?.handOn((chunk) => this.#client?.piece(chunk) ?? true) ?? true;
    if (rest?.trailers !== undefined) this.#end(rest.trailers);
    else if (ready) this.fetch.resume();
  }

  /** `undefined`: siblings are not asked. */
  #siblingOrder(): SiblingOrder | undefined {
    const { asksSiblings, onlySibling, order, query } = this.#parts;
    const peers = asksSiblings ? order.siblings : undefined;
    const siblings = onlySibling === undefined ? peers?.asked : peers?.only(onlySibling);
    const question = siblings === undefined ? undefined : siblingQuestion(query, order);
    if (peers === undefined || siblings === undefined || question === undefined) return undefined;
    const judge = (status: number, fields: OriginFields) => this.#judge(status, fields);
    return { peers, siblings, question, lines: order.lines, judge, orOrigins: onlySibling === undefined };
  }

  /** Of a sibling: its response is as old as it says, and not as young as this fetch. */
  #judge(status: number, fields: OriginFields): SiblingJudgement {
    const sequence = vetted(this.#parts, status, fields, this.#requestTime);
    if (sequence === undefined) return 'bad';
    if (sequence === 'unsure') return 'unsure';
    this.#sequence = Math.min(this.#sequence, sequence);
    return 'good';
  }

  interim(status: number, fields: OriginFields): void {
    this.#client?.interim(status, fields);
  }

  head(status: number, fields: OriginFields): void {
    const received = receive(this.#parts, status, fields, this.#sequence, this.#requestTime);
    switch (received.kind) {
      case 'freshened':
        this.#ignored = true;
        this.#land();
        if (this.#client === undefined) this.#parts.cache.discard(received.object);
        else this.#client.freshened(received.object);
        break;
      case 'unfit':
        this.#ignored = true;
        this.#land();
        this.#client?.askAgain();
        break;
      case 'error':
        this.#ignored = true;
        this.#landing.failByStatus();
        this.#client?.insteadOfError(status);
        break;
      case 'stored':
        if (received.coding !== undefined) this.#compressor = new Compressor(received.coding, this, received.length);
        this.#storeWith(received.writer);
        break;
      case 'part':
        this.#writer = received.writer;
        this.#isPart = true;
        this.#land();
        this.#client?.passing(status, fields, undefined);
        break;
      case 'passing':
        this.#land(received.reason);
        if (this.#client === undefined) this.#giveUp();
        else this.#client.passing(status, fields, received.reason);
        break;
    }
  }

  #storeWith(writer: ObjectWriter): void {
    this.#writer = writer;
    if (this.#client !== undefined) writer.object.opened = writer.open();
    this.#land();
    this.#client?.stored(writer.object);
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
      this.#rest.keep(chunk);
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
      this.#rest.trailers = trailers;
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
    this.#landing.failBy(error, status);
    this.#finish();
    this.#client?.failed(error, status);
  }

  /** Those who wait are told to look again; or, of a response that is not for all, each to ask for itself. */
  #land(reason?: NotWritten): void {
    const { cache, query } = this.#parts;
    if (reason !== undefined && isOfResponse(reason) && this.#landing.isAwaited) cache.markUnshareable(query);
    this.#landing.release();
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
    if (this.#writer === undefined) return this.#landing.isAwaited;
    return this.#writer.others > 0 || this.#writer.remaining <= WORTH_FINISHING;
  }

  /** Nobody is there any more for whom it would be worth while. */
  #giveUp(): void {
    this.fetch.cancel();
    this.#landing.release();
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
    this.#rest = new Rest(chunk);
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

const NO_TRAILERS: OriginFields = {};
