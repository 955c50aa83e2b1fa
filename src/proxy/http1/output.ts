import type { Socket } from 'node:net';
import type { Bytes, Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import { type AtTurnEnd, atTurnEnd } from '../turn.ts';

/** Text that is gathered before it is written, within a turn. Node writes up to 16 KiB from its stack. */
const TEXT_MAX: Bytes = 15_360;

export type Written = (error?: Error | null) => void;

/** What the owner of an output hears of it. */
export interface OutputOwner {
  /** How long the client may take nothing at all. */
  readonly writeTimeout: Ms;
  /** The client takes bytes again. */
  drained(): void;
  /** A turn that was asked for is over, and what was sent in it is written. */
  turnEnded(): void;
}

/**
 * What goes out on a connection. Text (latin1) is written at the end of the turn, all of it at once: a reply's head and
 * body, and the replies to requests that came together.
 */
export class Output implements AtTurnEnd {
  readonly #socket: Socket;
  readonly #owner: OutputOwner;
  readonly #onDrain = () => this.#drained();
  readonly #onTimeout = () => this.#tookNothing();
  #text = '';
  #scheduled = false;
  #watched = false;
  /** The client takes nothing for now. */
  stalled = false;

  constructor(socket: Socket, owner: OutputOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('drain', this.#onDrain).on('timeout', this.#onTimeout);
  }

  /** Everything that was sent is with the system. */
  get empty(): boolean {
    return this.#text === '' && this.#socket.writableLength === 0;
  }

  /** `false`: hold on until `drained`. */
  sendText(text: string): boolean {
    if (this.#text.length + text.length > TEXT_MAX) this.flush();
    this.#text += text;
    this.schedule();
    return !this.stalled;
  }

  /** Sends bytes at once: after all text so far, and before `after`. `written` is called once, whatever becomes of them. */
  sendBytes(piece: Uint8Array, after: string, written: Written | undefined): boolean {
    const socket = this.#socket;
    const before = this.#text;
    this.#text = '';
    if (!socket.writable) {
      written?.(new ProxyError('client_disconnected'));
      return true;
    }
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    let more = socket.write(piece, written);
    if (after !== '') more = socket.write(after, 'latin1');
    socket.uncork();
    this.#wrote(more);
    return !this.stalled;
  }

  /** Asks for the end of this turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    atTurnEnd(this);
  }

  atTurnEnd(): void {
    this.#scheduled = false;
    this.flush();
    this.#owner.turnEnded();
  }

  /** Writes what was gathered. */
  flush(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    if (this.#socket.writable) this.#wrote(this.#socket.write(text, 'latin1'));
  }

  /** The socket is somebody else's from now on. */
  release(): void {
    this.flush();
    this.#socket.off('drain', this.#onDrain).off('timeout', this.#onTimeout).setTimeout(0);
  }

  #wrote(more: boolean): void {
    // A large piece is more than a socket wants to have waiting, also when the system has taken all of it at once.
    if (this.#socket.writableLength === 0) return;
    if (!more) this.stalled = true;
    if (this.#watched) return;
    this.#watched = true;
    // Any progress begins it anew.
    this.#socket.setTimeout(this.#owner.writeTimeout);
  }

  #drained(): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.#unwatch();
    this.#owner.drained();
  }

  #tookNothing(): void {
    if (this.#socket.writableLength > 0) this.#socket.destroy();
    else this.#unwatch();
  }

  #unwatch(): void {
    this.#watched = false;
    this.#socket.setTimeout(0);
  }
}
