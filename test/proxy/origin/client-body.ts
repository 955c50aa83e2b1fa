import { setImmediate as nextTurn } from 'node:timers/promises';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** A client's body, and how far it was read. */
export class ClientBody implements AsyncIterable<Uint8Array> {
  pulled = 0;
  closed = false;
  readonly #chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  static of(...texts: string[]): ClientBody {
    return new ClientBody(texts.map((text) => Buffer.from(text)));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#chunks) {
        this.pulled += chunk.byteLength;
        yield chunk;
      }
    } finally {
      this.closed = true;
    }
  }
}

export function* pieces(count: number, size: number): Generator<Buffer> {
  // Each is its taker's, who may do with it as he likes.
  for (let i = 0; i < count; i++) yield Buffer.alloc(size, 'x');
}

/** Waits until `count` has been the same for so many turns of the loop that whatever could move has moved. */
export async function untilStill(count: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 100; still++) {
    await nextTurn();
    if (count() !== last) still = 0;
    last = count();
  }
  return last;
}
