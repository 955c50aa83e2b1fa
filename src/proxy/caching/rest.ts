import type { OriginFields } from '../headers.ts';
import { ownCopy } from '../spent.ts';

/**
 * What comes after the writer took no more, and before the client has read what is stored. The fetch is held back
 * meanwhile: it is what was under way by then, and no more.
 */
export class Rest {
  /** The response has ended, with these. */
  trailers: OriginFields | undefined;
  readonly #chunks: Buffer[] = [];

  /** `first`: what the writer did not take. */
  constructor(first: Uint8Array) {
    this.keep(first);
  }

  /** The chunk is lent until this returns. */
  keep(chunk: Uint8Array): void {
    this.#chunks.push(ownCopy(chunk));
  }

  /** Whether the client, at the last piece, was ready for more. */
  handOn(piece: (chunk: Uint8Array) => boolean): boolean {
    let ready = true;
    for (const chunk of this.#chunks) ready = piece(chunk);
    return ready;
  }
}
