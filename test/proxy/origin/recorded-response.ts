import { ProxyError } from '../../../src/proxy/error.ts';
import type { OriginFields } from '../../../src/proxy/headers.ts';
import type { ResponseHead1 } from '../../../src/proxy/origin/response-head.ts';
import { type ResponseListener, ResponseParser } from '../../../src/proxy/origin/response-parser.ts';

type Told =
  | { readonly interim: number; readonly fields: OriginFields }
  | { readonly head: number; readonly fields: OriginFields }
  | { readonly body: string }
  | { readonly end: OriginFields }
  | { readonly switched: OriginFields; readonly rest: string }
  | { readonly error: string };

/** What a parser makes of bytes: what it told, in order. */
export class RecordedResponse implements ResponseListener {
  readonly parser: ResponseParser;
  readonly #told: Array<Told | Buffer> = [];

  constructor({ method = 'GET', upgrade = false, headMax = 65_536 } = {}) {
    this.parser = new ResponseParser(this, headMax);
    this.parser.expect(method, upgrade);
  }

  /** Pieces of a body that follow each other are one: how they were cut says nothing. */
  get told(): readonly Told[] {
    const told: Told[] = [];
    let body: Buffer[] = [];
    const flush = () => {
      if (body.length > 0) told.push({ body: Buffer.concat(body).toString('latin1') });
      body = [];
    };
    for (const each of this.#told) {
      if (Buffer.isBuffer(each)) {
        body.push(each);
      } else {
        flush();
        told.push(each);
      }
    }
    flush();
    return told;
  }

  /** How many pieces the body came in. */
  get pieces(): number {
    return this.#told.filter(Buffer.isBuffer).length;
  }

  /** Text is latin1. Nothing after an error is looked at. */
  push(bytes: string | Buffer): this {
    return this.#do(() => this.parser.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes));
  }

  finish(): this {
    return this.#do(() => this.parser.finish());
  }

  onInterim(status: number, fields: OriginFields): void {
    this.#told.push({ interim: status, fields });
  }

  onHead({ status, fields }: ResponseHead1): void {
    this.#told.push({ head: status, fields });
  }

  onBody(chunk: Buffer): void {
    this.#told.push(chunk);
  }

  onEnd(trailers: OriginFields): void {
    this.#told.push({ end: trailers });
  }

  onSwitch({ fields }: ResponseHead1, rest: Buffer): void {
    this.#told.push({ switched: fields, rest: rest.toString('latin1') });
  }

  #do(work: () => void): this {
    const last = this.#told.at(-1);
    if (last !== undefined && 'error' in last) return this;
    try {
      work();
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#told.push({ error: error.code });
    }
    return this;
  }
}
