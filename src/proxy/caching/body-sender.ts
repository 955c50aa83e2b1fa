import type { BodySink, BodySource } from '../../cache/body.ts';
import type { Exchange } from '../exchange.ts';
import type { BodyPart } from './stored-reply.ts';

/** Whoever has a stored body sent. */
export interface BodySenderOwner {
  /** Everything has been written. */
  sent(): void;
  /** What is stored ends before its end. */
  cutShort(): void;
}

/** Larger pieces go to the socket without a copy. */
const WORTH_LENDING = 16_384;

/** Sends the parts of a stored body to a client, as fast as it takes them. */
export class BodySender implements BodySink {
  readonly #exchange: Exchange;
  readonly #read: (part: BodyPart, sink: BodySink) => BodySource;
  readonly #parts: readonly BodyPart[];
  readonly #tail: string;
  readonly #owner: BodySenderOwner;
  #next = 0;
  #source: BodySource | undefined;

  /** `read` opens a part of the body. */
  constructor(
    exchange: Exchange,
    read: (part: BodyPart, sink: BodySink) => BodySource,
    { parts, tail }: { readonly parts: readonly BodyPart[]; readonly tail: string },
    owner: BodySenderOwner,
  ) {
    this.#exchange = exchange;
    this.#read = read;
    this.#parts = parts;
    this.#tail = tail;
    this.#owner = owner;
  }

  start(): void {
    this.#nextPart();
  }

  resume(): void {
    this.#source?.resume();
  }

  cancel(): void {
    this.#source?.cancel();
    this.#source = undefined;
  }

  piece(chunk: Uint8Array, release: () => void): boolean {
    if (chunk.byteLength >= WORTH_LENDING) return this.#exchange.writeOwned(chunk, release);
    const ready = this.#exchange.write(chunk);
    release();
    return ready;
  }

  end(): void {
    this.#source = undefined;
    this.#nextPart();
  }

  failed(): void {
    this.#source = undefined;
    this.#owner.cutShort();
  }

  #nextPart(): void {
    const part = this.#parts[this.#next];
    if (part === undefined) {
      if (this.#tail !== '') this.#exchange.write(Buffer.from(this.#tail, 'latin1'));
      this.#owner.sent();
      return;
    }
    this.#next += 1;
    if (part.head !== '') this.#exchange.write(Buffer.from(part.head, 'latin1'));
    this.#source = this.#read(part, this);
    this.#source.start();
  }
}
