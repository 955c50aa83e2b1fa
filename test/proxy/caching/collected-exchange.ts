import type { ProxyErrorCode } from '../../../src/proxy/error.ts';
import type { Exchange, ExchangeListener, Fields, RequestHead, ResponseHead } from '../../../src/proxy/exchange.ts';
import { collectFields } from '../../../src/proxy/fields.ts';

export interface Asked {
  readonly method: string;
  readonly target: string;
  /** As they stand on the wire. Default: none. */
  readonly fields?: Fields;
}

/** `left`: the client did not wait for the end. */
export type Outcome = 'open' | 'whole' | 'broken' | 'left';

/** Memory that was handed over without a copy, and is still on its way. */
interface Lent {
  readonly chunk: Uint8Array;
  readonly before: Buffer;
  readonly release: () => void;
}

/** An exchange without a connection: it holds the pipeline to what the seam promises, and collects the reply. */
export class CollectedExchange implements Exchange {
  readonly head: RequestHead;
  readonly endpoints = { remoteAddress: '192.0.2.1', remotePort: 1024, localAddress: '192.0.2.2', localPort: 80 };
  readonly body = undefined;
  readonly startedAt: number;
  readonly informed: number[] = [];
  listener: ExchangeListener | undefined;
  outcome: Outcome = 'open';
  status = 0;
  fields: readonly string[] = [];
  bytesSent = 0;
  responded = false;
  /** Said in Content-Length, if it is. */
  length: number | undefined;
  readonly #stalls: () => boolean;
  readonly #chunks: Buffer[] = [];
  #lent: Lent[] = [];
  #stalled = false;

  /** `stalls` is asked at each write whether the client takes no more until `takeMore`. */
  constructor({ method, target, fields = [] }: Asked, startedAt: number, stalls: () => boolean = () => false) {
    const { fields: kept, known } = collectFields(fields);
    this.head = {
      method,
      version: '1.1',
      scheme: 'http',
      authority: 'www.example.com',
      target,
      fields: kept,
      known,
    };
    this.startedAt = startedAt;
    this.#stalls = stalls;
  }

  get content(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get isStalled(): boolean {
    return this.#stalled && this.outcome === 'open';
  }

  field(name: string): string | undefined {
    const values = this.fields.filter((_, i) => i % 2 === 1 && this.fields[i - 1]?.toLowerCase() === name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  inform(status: number): void {
    this.informed.push(status);
  }

  respond({ status, shared, fields }: ResponseHead): void {
    if (this.outcome === 'left') return;
    if (this.responded || this.outcome !== 'open') throw new Error('a second reply');
    this.responded = true;
    this.status = status;
    this.fields = [...(shared?.fields ?? []), ...fields];
    const length = this.field('content-length');
    if (length?.includes(',')) throw new Error('two lengths');
    this.length = length === undefined ? undefined : Number(length);
  }

  write(chunk: Uint8Array): boolean {
    if (this.outcome === 'left') return true;
    this.#take(Buffer.from(chunk));
    return this.#goesOn();
  }

  writeOwned(chunk: Uint8Array, release: () => void): boolean {
    if (this.outcome === 'left') {
      release();
      return true;
    }
    this.#take(Buffer.from(chunk));
    this.#lent.push({ chunk, before: this.#chunks.at(-1) as Buffer, release });
    const goesOn = this.#goesOn();
    if (goesOn) this.#giveBack();
    return goesOn;
  }

  end(): void {
    if (this.outcome === 'left') return;
    const isBodiless = this.head.method === 'HEAD' || this.status === 304 || this.status === 204;
    if (!this.responded) throw new Error('an end without a reply');
    if (!isBodiless && this.length !== undefined && this.length !== this.bytesSent) {
      throw new Error(`${this.bytesSent} bytes of ${this.length}`);
    }
    if (isBodiless && this.bytesSent > 0) throw new Error('a body where there is none');
    this.#end('whole');
  }

  reply(head: ResponseHead, body: Uint8Array | undefined): void {
    this.respond(head);
    if (body !== undefined) this.write(body);
    this.end();
  }

  breakOff(): void {
    if (this.outcome !== 'left') this.#end('broken');
  }

  switchProtocols(): never {
    throw new Error('nobody asked for another protocol');
  }

  /** The client is ready again. */
  takeMore(): void {
    if (this.outcome !== 'open') return;
    this.#stalled = false;
    this.#giveBack();
    this.listener?.drained();
  }

  /** The client goes. */
  leave(why: ProxyErrorCode = 'client_disconnected'): void {
    if (this.outcome !== 'open') return;
    this.#end('left');
    this.listener?.abandoned(why);
  }

  /** What is on its way arrives, or is lost; nobody else may have changed it. */
  #giveBack(): void {
    const lent = this.#lent;
    this.#lent = [];
    for (const { chunk, before, release } of lent) {
      if (!before.equals(chunk)) throw new Error('memory that was lent has changed');
      release();
    }
  }

  #take(chunk: Buffer): void {
    if (!this.responded) throw new Error('a body without a head');
    if (this.outcome !== 'open') throw new Error('a body behind its end');
    this.#chunks.push(chunk);
    this.bytesSent += chunk.length;
  }

  #goesOn(): boolean {
    this.#stalled ||= this.#stalls();
    return !this.#stalled;
  }

  #end(outcome: Outcome): void {
    if (this.outcome !== 'open') throw new Error('a second end');
    this.outcome = outcome;
    // The connection may still be busy with the last pieces.
    queueMicrotask(() => this.#giveBack());
  }
}
