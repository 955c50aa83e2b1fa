import type { QuerySource } from '../../../src/geodns/answer/source.ts';
import type { Responder } from '../../../src/geodns/server/responder.ts';

/**
 * A responder that does what the query's first letters say, so that a test can ask for anything:
 *
 *     silent         no reply
 *     big N          N bytes
 *     slow MS        an echo, and the thread is held up for so long before
 *     who            where the query came from, in hex and words
 *     throw          an exception
 *     long           says that it wrote more than there is room for
 *     zone N SIZE    by TCP, a transfer of N messages of SIZE bytes; `zone! N SIZE` throws behind the last one
 *
 * All else is echoed, with QR set if there is a header.
 */
export class ScriptedResponder implements Responder {
  /** Transfers that were begun and neither came to their end nor were given up. */
  transfersOpen = 0;
  readonly #name: string;

  /** The name is what `name` is answered by. */
  constructor(name = 'scripted') {
    this.#name = name;
  }

  respond(query: Buffer, length: number, source: QuerySource, reply: Buffer): number {
    const [word, argument] = textOf(query, length).split(' ');
    switch (word) {
      case 'silent':
        return 0;
      case 'name':
        return reply.write(`name is ${this.#name}`, 'latin1');
      case 'big':
        reply.fill(0x62, 0, Number(argument));
        return Number(argument);
      case 'slow':
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
        break;
      case 'who': {
        const bytes = Buffer.from(source.address).subarray(0, source.family === 4 ? 4 : 16);
        return reply.write(`${source.transport} ${bytes.toString('hex')} ${source.port}`, 'latin1');
      }
      case 'throw':
        throw new Error('scripted to');
      case 'long':
        return reply.length + 1;
    }
    query.copy(reply, 0, 0, length);
    return length;
  }

  transfer(query: Buffer, length: number): Iterable<Buffer> | undefined {
    const [word, count, size] = textOf(query, length).split(' ');
    if (word !== 'zone' && word !== 'zone!') return undefined;
    return this.#messages(Number(count), Number(size), word === 'zone!');
  }

  *#messages(count: number, size: number, throws: boolean): Iterable<Buffer> {
    this.transfersOpen += 1;
    try {
      for (let i = 0; i < count; i++) {
        const message = Buffer.alloc(size, 0x7a);
        message.writeUInt32BE(i);
        yield message;
      }
      if (throws) throw new Error('scripted to');
    } finally {
      this.transfersOpen -= 1;
    }
  }
}

function textOf(query: Buffer, length: number): string {
  return query.toString('latin1', 0, Math.min(length, 64)).trimEnd();
}
