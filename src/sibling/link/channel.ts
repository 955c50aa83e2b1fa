import type { Socket } from 'node:net';
import type { Bytes, Ms } from '../../base/units.ts';
import { GREETING_MAX, LINE_MAX, type Message, parseMessage } from './protocol.ts';
import type { LinkTiming } from './timing.ts';

/**
 * Why a channel has ended. `strange`: the other side did not say what a Portico node says. `refused`: it did, but is not
 * believed.
 */
export interface Ended {
  readonly kind: 'strange' | 'refused' | 'broken';
  readonly why: string;
}

export interface ChannelOwner {
  message(message: Message): void;
  /** All that had come was told. */
  rested(): void;
  /** What was too much before may be said now. */
  drained(): void;
  /** What is said at each beat, once both know who the other is. */
  beat(): Message;
  /** Once, whoever ended it; nothing is told afterwards. */
  ended(ended: Ended): void;
}

/** Larger ones are given back when their line is read. */
const USUAL: Bytes = 64 * 1024;
const LINE_FEED = 0x0a;

/**
 * A connection as messages: lines of JSON, of bounded length; with a beat, and an end when nothing is heard, or nothing is
 * taken. What it keeps of what was read is one line that is not whole yet; what waits to be written, what its owner said
 * since it was told to wait, which should be one message more.
 */
export class Channel {
  readonly #socket: Socket;
  readonly #timing: LinkTiming;
  readonly #owner: ChannelOwner;
  readonly #beat: NodeJS.Timeout;
  #line: Buffer = Buffer.alloc(0);
  #filled: Bytes = 0;
  #limit: Bytes = GREETING_MAX;
  #isGreeted = false;
  readonly #begun: Ms = performance.now();
  #heard: Ms = this.#begun;
  #beaten: Ms = this.#begun;
  #cloggedSince: Ms | undefined;
  #isOver = false;

  /** The socket is connected. */
  constructor(socket: Socket, timing: LinkTiming, owner: ChannelOwner) {
    this.#socket = socket;
    this.#timing = timing;
    this.#owner = owner;
    this.#beat = setInterval(() => this.#tick(), timing.beat).unref();
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes as Buffer));
    socket.on('drain', () => this.#drained());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end('broken', error.code ?? error.message));
    socket.on('close', () => this.#end('broken', 'it closed the connection'));
  }

  /** Nothing more should be said until it has drained. */
  get isClogged(): boolean {
    return this.#cloggedSince !== undefined;
  }

  /** Both know who the other is. */
  greeted(): void {
    this.#isGreeted = true;
    this.#limit = LINE_MAX;
  }

  say(message: object): void {
    if (this.#isOver) return;
    if (!this.#socket.write(`${JSON.stringify(message)}\n`)) this.#cloggedSince ??= performance.now();
  }

  close(why: string, kind: Ended['kind'] = 'broken'): void {
    this.#end(kind, why);
  }

  #take(bytes: Buffer): void {
    this.#heard = performance.now();
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, end));
      if (this.#isOver) return;
      this.#tell();
      if (this.#isOver) return;
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
    if (!this.#isOver) this.#guarded(() => this.#owner.rested());
  }

  /** In one buffer: pieces of a byte each would take a hundred times their length. */
  #keep(piece: Buffer): void {
    const filled = this.#filled + piece.length;
    if (filled > this.#limit) {
      this.#end('strange', `a line of more than ${this.#limit} bytes`);
      return;
    }
    if (filled > this.#line.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(1024, 2 * filled)));
      this.#line.copy(larger, 0, 0, this.#filled);
      this.#line = larger;
    }
    piece.copy(this.#line, this.#filled);
    this.#filled = filled;
  }

  #tell(): void {
    const message = parseMessage(this.#line.toString('utf8', 0, this.#filled));
    this.#filled = 0;
    if (this.#line.length > USUAL) this.#line = Buffer.alloc(0);
    if (message === undefined) this.#end('strange', 'a line that is no message');
    else this.#guarded(() => this.#owner.message(message));
  }

  /** What cannot be done ends this connection, and nothing else. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end('broken', (error as Error).message);
    }
  }

  #drained(): void {
    this.#cloggedSince = undefined;
    if (!this.#isOver) this.#guarded(() => this.#owner.drained());
  }

  #tick(): void {
    const now = performance.now();
    const { beat, silence, clogged, greeting } = this.#timing;
    // After a stall of our own, what the other one said may still lie in the socket.
    const isLate = now - this.#beaten > 1.5 * beat;
    this.#beaten = now;
    if (now - (this.#cloggedSince ?? now) > clogged) this.#end('broken', 'it reads too slowly');
    else if (!this.#isGreeted) {
      if (now - this.#begun > greeting) this.#end('strange', 'it did not say who it is');
    } else if (now - this.#heard > silence && !isLate) this.#end('broken', `it was silent for ${silence} ms`);
    else if (!this.isClogged) this.#guarded(() => this.say(this.#owner.beat()));
  }

  #end(kind: Ended['kind'], why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#beat);
    this.#line = Buffer.alloc(0);
    this.#socket.destroy();
    this.#owner.ended({ kind, why });
  }
}
