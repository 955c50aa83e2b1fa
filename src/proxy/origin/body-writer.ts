import type { Socket } from 'node:net';
import { ProxyError } from '../error.ts';
import { REPLAY_LIMIT } from '../replay-body.ts';
import { givingBack } from '../spent.ts';

/** Sends the body of one request as fast as the origin takes it: of a length that was told, else in chunks. */
export class BodyWriter {
  readonly #socket: Socket;
  readonly #length: number | undefined;
  #go: (() => void) | undefined;
  #stopped = false;
  /** All of it has been handed to the socket. */
  done = false;

  constructor(socket: Socket, length: number | undefined) {
    this.#socket = socket;
    this.#length = length;
  }

  /** Ends when it is done or was stopped. Throws what the client did wrong: the origin must not take the rest for whole. */
  async send(body: AsyncIterable<Uint8Array>): Promise<void> {
    const length = this.#length;
    let sent = 0;
    for await (const chunk of body) {
      if (this.#stopped) return;
      sent += chunk.byteLength;
      if (length !== undefined && sent > length) throw new ProxyError('bad_request', 'more than Content-Length');
      // What is kept for another attempt is not ours to give back.
      const more = this.#write(chunk, sent > REPLAY_LIMIT ? givingBack(chunk) : undefined);
      if (sent === length) {
        // The response may come before the client's end of it has been looked at.
        this.done = true;
        return;
      }
      if (!more) await this.#drain();
      if (this.#stopped) return;
    }
    if (this.#stopped) return;
    if (length !== undefined) throw new ProxyError('bad_request', 'less than Content-Length');
    this.#socket.write('0\r\n\r\n', 'latin1');
    this.done = true;
  }

  /** The socket may be written to again. */
  drained(): void {
    this.#go?.();
  }

  /** Nothing more is written; nor is the client waited for any longer than for its next chunk. */
  stop(): void {
    this.#stopped = true;
    this.#go?.();
  }

  #write(chunk: Uint8Array, written: ReturnType<typeof givingBack>): boolean {
    const socket = this.#socket;
    if (chunk.byteLength === 0) return true;
    if (this.#length !== undefined) return socket.write(chunk, written);
    socket.cork();
    socket.write(`${chunk.byteLength.toString(16)}\r\n`, 'latin1');
    socket.write(chunk, written);
    const more = socket.write('\r\n', 'latin1');
    socket.uncork();
    return more;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#go = () => {
        this.#go = undefined;
        resolve();
      };
    });
  }
}
