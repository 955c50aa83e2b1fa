import type { Socket } from 'node:net';
import type { Rostered } from '../../base/roster.ts';
import type { Ms } from '../../base/units.ts';
import type { QuerySource } from '../answer/source.ts';
import { CELL, type DnsCounts } from './counts.ts';
import { BROKEN, FrameReader, NONE } from './frame-reader.ts';
import type { Outbox } from './outbox.ts';
import type { Responder } from './responder.ts';
import { CLOSING, LONGEST_MESSAGE, PIECE, QUERY_WORK, type TcpLimits, UNSENT } from './tcp-limits.ts';
import type { TcpTurns, Waiting } from './tcp-turns.ts';

/** What all connections share. */
export interface TcpHost {
  readonly responder: Responder;
  readonly limits: TcpLimits;
  readonly counts: DnsCounts;
  /** Connections are to end as soon as nothing is under way on them. */
  readonly isDraining: boolean;
  /** For what is done between two reads; nobody keeps anything in them. */
  readonly query: Buffer;
  readonly reply: Buffer;
  readonly outbox: Outbox;
  readonly turns: TcpTurns;
  now(): Ms;
  /** Much is unsent on it. */
  blocked(connection: TcpConnection): void;
  /** No more. */
  unblocked(connection: TcpConnection): void;
  closed(connection: TcpConnection): void;
  transferFailed(error: unknown): void;
}

/**
 *     open ──▸ blocked   until all is sent: no more queries are read
 *          ──▸ yielding  until the others have had their turn
 *          ──▸ closing   until the client has closed as well
 *          ──▸ closed
 */
type State = 'open' | 'blocked' | 'yielding' | 'closing' | 'closed';

/**
 * One client's connection (RFC 7766): queries are answered in the order in which they came, all that one read has brought
 * by one write, or a piece of it if that is much. A zone's transfer is answered message by message, as fast as the client takes them; what it asks for meanwhile waits.
 */
export class TcpConnection implements Rostered, Waiting {
  place = -1;
  readonly network: string;
  /** When it began, or its last whole query came. */
  restedSince: Ms;
  /** When it is cut. */
  deadline: Ms;
  readonly #socket: Socket;
  readonly #source: QuerySource;
  readonly #host: TcpHost;
  readonly #reader = new FrameReader();
  #state: State = 'open';
  #transfer: Iterator<Buffer> | undefined;
  /** The client sends no more. */
  #hasEnded = false;
  /** A whole query has come since it last rested. */
  #hasAnswered = false;
  /** When all that had come was answered, a query had begun already. */
  #wasWithin = false;
  /** What being cut at the deadline is counted as. */
  #overdueAs: number | undefined = CELL.tcp.idle;

  constructor(socket: Socket, source: QuerySource, network: string, host: TcpHost) {
    this.network = network;
    this.#socket = socket;
    this.#source = source;
    this.#host = host;
    this.restedSince = host.now();
    this.deadline = this.restedSince + host.limits.first;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#clientEnded());
    socket.on('drain', () => this.#drained());
    socket.on('error', ignore);
    socket.on('close', () => this.#leave());
  }

  /** Nothing is under way on it. */
  get isIdle(): boolean {
    return this.#state === 'open' && !this.#reader.isWithin;
  }

  /** Whether it may be closed to make room: no reply would be lost. */
  get mayGo(): boolean {
    return this.#state === 'open' || this.#state === 'closing';
  }

  finishIfIdle(): void {
    if (this.isIdle) this.#finish();
  }

  /** Its deadline has passed. */
  overdue(): void {
    this.cut(this.#overdueAs);
  }

  /** Closes it, whatever is under way. */
  cut(countAs?: number): void {
    if (this.#state === 'closed') return;
    if (countAs !== undefined) this.#host.counts.add(countAs);
    this.#leave();
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    this.#reader.push(chunk);
    if (this.#host.turns.isOver) this.#yield();
    else this.#work();
  }

  #work(): void {
    switch (this.#answerPiece()) {
      case 'none':
        this.#rest();
        break;
      case 'full':
        this.#block();
        break;
      case 'turn':
        this.#yield();
        break;
      case 'broken':
        this.#finish();
        break;
      case 'failed':
        this.#breakOff();
        break;
    }
  }

  /** It still reads, and gets what it has asked for. A socket tells of the end also while it is paused. */
  #clientEnded(): void {
    this.#hasEnded = true;
    this.#finish();
  }

  /** Answers until nothing is left, too much is unsent, or it is the others' turn. */
  #answerPiece(): Stop {
    const { outbox, turns } = this.#host;
    for (let steps = 1; ; steps++) {
      const step = this.#step();
      const work = outbox.length + steps * QUERY_WORK;
      if (step === 'answered' && work < PIECE) continue;
      turns.spend(work);
      if (step === 'failed') return step;
      const hasRoom = this.#flush();
      if (step === 'broken') return step;
      if (!hasRoom) return 'full';
      return step === 'none' ? step : 'turn';
    }
  }

  /** One query, or one message of a transfer. */
  #step(): Step {
    if (this.#transfer !== undefined) return this.#transferOn(this.#transfer);
    const { query, counts } = this.#host;
    const length = this.#reader.next(query);
    if (length === NONE) return 'none';
    if (length === BROKEN) {
      counts.add(CELL.tcp.malformed);
      return 'broken';
    }
    counts.add(CELL.tcp.queries);
    this.#hasAnswered = true;
    this.#answer(query, length);
    return 'answered';
  }

  #answer(query: Buffer, length: number): void {
    const { responder, counts, reply, outbox } = this.#host;
    const messages = responder.transfer(query, length, this.#source);
    if (messages !== undefined) {
      this.#transfer = messages[Symbol.iterator]();
      return;
    }
    const written = responder.respond(query, length, this.#source, reply);
    if (written === 0) {
      counts.add(CELL.tcp.silent);
      return;
    }
    counts.add(CELL.tcp.replies);
    outbox.add(reply, written);
  }

  #transferOn(messages: Iterator<Buffer>): Step {
    const { counts, outbox } = this.#host;
    try {
      const next = messages.next();
      if (next.done) {
        this.#transfer = undefined;
        counts.add(CELL.tcp.transfers);
        return 'answered';
      }
      const { length } = next.value;
      if (length > LONGEST_MESSAGE) throw new RangeError(`a message of ${length} bytes`);
      counts.add(CELL.tcp.transferMessages);
      outbox.add(next.value, length);
      return 'answered';
    } catch (error) {
      this.#transfer = undefined;
      this.#host.transferFailed(error);
      return 'failed';
    }
  }

  /** What was sent of a transfer that failed is no zone, and must not be taken for one (RFC 5936 §2.2). */
  #breakOff(): void {
    this.#host.outbox.clear();
    this.cut();
  }

  /** Returns whether there is room for more. */
  #flush(): boolean {
    const { outbox } = this.#host;
    if (outbox.length > 0) this.#socket.write(outbox.take());
    return this.#socket.writableLength < UNSENT;
  }

  /** All that came is answered, but for the beginning of a query: that has its time from when it began, whatever trickles in. */
  #rest(): void {
    const { limits, isDraining } = this.#host;
    const now = this.#host.now();
    const { isWithin } = this.#reader;
    if (this.#hasAnswered) this.restedSince = now;
    if (!isWithin) {
      this.#overdueAs = CELL.tcp.idle;
      this.deadline = now + limits.idle;
    } else if (this.#hasAnswered || !this.#wasWithin) {
      this.#overdueAs = CELL.tcp.slowQueries;
      this.deadline = now + limits.whole;
    }
    this.#hasAnswered = false;
    this.#wasWithin = isWithin;
    if (this.#hasEnded) this.#finish();
    else if (isDraining) this.finishIfIdle();
  }

  #block(): void {
    this.#pause('blocked', this.#host.now() + this.#host.limits.writing);
    this.#overdueAs = CELL.tcp.slowReaders;
    this.#host.blocked(this);
  }

  #drained(): void {
    if (this.#state !== 'blocked') return;
    this.#host.unblocked(this);
    this.#yield();
  }

  #yield(): void {
    this.#pause('yielding', Number.POSITIVE_INFINITY);
    this.#host.turns.wait(this);
  }

  #pause(state: State, deadline: Ms): void {
    this.#state = state;
    this.deadline = deadline;
    this.#socket.pause();
  }

  /** Unless it has been cut meanwhile. */
  goOn(): void {
    if (this.#state !== 'yielding') return;
    this.#state = 'open';
    this.#wasWithin = false;
    this.#work();
    if (this.#state === 'open') this.#socket.resume();
  }

  /** No more queries are read, and what is unsent still goes out. */
  #finish(): void {
    if (this.#state !== 'open') return;
    const { idle, writing } = this.#host.limits;
    const isSent = this.#socket.writableLength === 0;
    this.#state = 'closing';
    this.#overdueAs = undefined;
    this.deadline = this.#host.now() + (isSent ? Math.min(CLOSING, idle) : writing);
    this.#socket.end();
    // What still comes is thrown away, so that its end can be seen.
    this.#socket.resume();
  }

  #leave(): void {
    const before = this.#state;
    if (before === 'closed') return;
    this.#state = 'closed';
    if (before === 'blocked') this.#host.unblocked(this);
    this.#host.closed(this);
    try {
      this.#transfer?.return?.();
    } catch (error) {
      this.#host.transferFailed(error);
    }
    this.#transfer = undefined;
  }
}

type Step = 'answered' | 'none' | 'broken' | 'failed';
type Stop = Exclude<Step, 'answered'> | 'full' | 'turn';

function ignore(): void {}
