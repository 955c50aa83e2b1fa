import sonicBoom from 'sonic-boom';
import type { Bytes, Ms } from '../base/units.ts';

const { SonicBoom } = sonicBoom;

/** How long a full pipe is left alone: at 64 KiB a pipe this still makes 12 MiB a second. */
const FULL_PIPE_PAUSE: Ms = 5;

/** How long a descriptor that fails (no space, no reader) is left alone. */
const FAILURE_PAUSE: Ms = 1000;

export interface BlockQueueListener {
  /** Nothing can be written for now; it is tried again. */
  failed(error: NodeJS.ErrnoException): void;
  /** Everything is written. */
  caughtUp(): void;
  /** The queue was ended and could not write these. */
  lost(lines: number): void;
}

/** Whole lines, written with one call where the system lets us. */
interface Block {
  readonly size: Bytes;
  readonly lines: number;
}

/**
 * Blocks of lines on their way into one descriptor, in order, by sonic-boom. It gets an open descriptor and whole blocks
 * from us, and its own opening, buffering and retrying stay unused: after a `reopen` that failed, the next one closes the
 * old descriptor twice, and the second close may hit a client's connection; its buffer counts all its bytes again for
 * every line; a full pipe costs it 100 ms.
 *
 * Lines of several writers stay whole as long as a block is written whole. The system does that for a file (`O_APPEND`,
 * one writer at a time) unless the disk fills up in the middle of it, and for up to `PIPE_BUF` bytes into a pipe. What
 * remains: a disk that fills up may cut one line of each thread, to be finished when there is space, and so may a pipe
 * that is full with a line longer than `PIPE_BUF`.
 */
export class BlockQueue {
  readonly #boom: InstanceType<typeof SonicBoom>;
  readonly #listener: BlockQueueListener;
  readonly #closed = Promise.withResolvers<void>();
  #blocks: Block[] = [];
  #size: Bytes = 0;
  #writtenOfFirst: Bytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #state: 'open' | 'ending' | 'given up' = 'open';

  /** Owns `fd` from now on (and closes it, unless it is 1 or 2). Neighbouring blocks are joined up to `maxBlock`. */
  constructor(fd: number, maxBlock: Bytes, listener: BlockQueueListener) {
    this.#listener = listener;
    this.#boom = new SonicBoom({ fd, maxWrite: maxBlock, retryEAGAIN: () => false });
    this.#boom.on('write', (size: Bytes) => this.#wrote(size));
    this.#boom.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    this.#boom.on('close', () => this.#closed.resolve());
  }

  /** Bytes that wait to be written. */
  get size(): Bytes {
    return this.#size;
  }

  /** `text` is ASCII. */
  push(text: string, lines: number): void {
    this.#blocks.push({ size: text.length, lines });
    this.#size += text.length;
    this.#boom.write(text);
  }

  /** Writes what waits and closes; what is not written within `limit` is lost. */
  async end(limit: Ms): Promise<void> {
    this.#state = 'ending';
    const deadline = setTimeout(() => this.#giveUp(), limit);
    this.#boom.end();
    await this.#closed.promise;
    clearTimeout(deadline);
    clearTimeout(this.#retry);
  }

  #wrote(size: Bytes): void {
    this.#size -= size;
    this.#writtenOfFirst += size;
    let done = 0;
    for (const block of this.#blocks) {
      if (this.#writtenOfFirst < block.size) break;
      this.#writtenOfFirst -= block.size;
      done++;
    }
    this.#blocks.splice(0, done);
    if (this.#state === 'given up') this.#boom.destroy();
    else if (this.#size === 0) this.#listener.caughtUp();
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#state === 'given up') {
      this.#boom.destroy();
    } else if (error.code === 'EAGAIN') {
      this.#tryLater(FULL_PIPE_PAUSE);
    } else if (this.#state === 'ending') {
      this.#giveUp();
    } else {
      this.#tryLater(FAILURE_PAUSE);
      this.#listener.failed(error);
    }
  }

  #tryLater(pause: Ms): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#tryAgain(), pause).unref();
  }

  #tryAgain(): void {
    if (this.#size > 0) this.#boom.flush();
  }

  /**
   * The descriptor is closed by the outcome of one more try, or of the write that is under way: closed under a write, its
   * number could be another file's or a client's by the time that write runs.
   */
  #giveUp(): void {
    this.#state = 'given up';
    this.#listener.lost(this.#blocks.reduce((sum, { lines }) => sum + lines, 0));
    this.#blocks = [];
    this.#tryAgain();
    this.#closed.resolve();
  }
}
