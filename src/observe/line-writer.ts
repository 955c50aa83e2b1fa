import { fstatSync } from 'node:fs';
import type { Bytes, Ms } from '../base/units.ts';
import { BlockQueue } from './block-queue.ts';
import { openLogFile, openStandardStream } from './output.ts';
import { type OnProblem, WriteTrouble } from './write-trouble.ts';

/** What a file takes at once. */
const FILE_BLOCK: Bytes = 64 * 1024;

/** `PIPE_BUF`: up to here, the lines of several threads are not mixed in a pipe. POSIX promises 512. */
const PIPE_BLOCK: Bytes = process.platform === 'linux' ? 4096 : 512;

/** A line is on its way within this time, however little is written. */
const FLUSH_INTERVAL: Ms = 250;

/** What may wait for a full disk or a slow reader, in each thread; what comes then is lost, and counted. */
const MAX_WAITING: Bytes = 8 * 1024 * 1024;

/** Before a file that could not be opened is tried again. */
const OPEN_PAUSE: Ms = 1000;

/** How long the rest may take to be written at the end. */
const END_LIMIT: Ms = 2000;

/**
 * Appends lines to a file, or to standard output (`-`), which others append to as well. Writing is gathering text: no
 * system call, no wait, and never an exception. What goes wrong is told to `onProblem`.
 */
export class LineWriter {
  readonly #file: string;
  readonly #onProblem: OnProblem;
  readonly #trouble: WriteTrouble;
  #queue: BlockQueue | undefined;
  /** The files before this one, until they have all their lines. */
  #retired: Promise<unknown> = Promise.resolve();
  #maxBlock = FILE_BLOCK;
  #text = '';
  #lines = 0;
  #flushing: NodeJS.Timeout | undefined;
  #opening: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(file: string, onProblem: OnProblem) {
    this.#file = file;
    this.#onProblem = onProblem;
    this.#trouble = new WriteTrouble(file, onProblem);
    this.#open();
  }

  /** `line` is ASCII and ends with a line feed. */
  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#text.length + line.length > this.#maxBlock) this.#flush();
    this.#text += line;
    this.#lines++;
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_INTERVAL).unref();
  }

  /**
   * The old file, perhaps renamed, gets the lines up to here, the new one those that follow. When it cannot be opened,
   * the old one goes on.
   */
  reopen(): void {
    if (this.#isClosed || this.#file === '-') return;
    this.#flush();
    const old = this.#queue;
    try {
      this.#start(openLogFile(this.#file));
      this.#retired = Promise.all([this.#retired, old?.end(END_LIMIT)]);
    } catch (error) {
      this.#onProblem('access log cannot be reopened', { file: this.#file, error });
    }
  }

  /** Writes what waits, within a limit. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    clearTimeout(this.#opening);
    await Promise.all([this.#retired, this.#queue?.end(END_LIMIT)]);
    this.#trouble.close();
  }

  #open(): void {
    try {
      this.#start(this.#file === '-' ? openStandardStream(1) : openLogFile(this.#file));
    } catch (error) {
      this.#trouble.failed(error as NodeJS.ErrnoException);
      this.#opening = setTimeout(() => this.#open(), OPEN_PAUSE).unref();
    }
  }

  #start(fd: number): void {
    clearTimeout(this.#opening);
    this.#maxBlock = fstatSync(fd).isFile() ? FILE_BLOCK : PIPE_BLOCK;
    this.#queue = new BlockQueue(fd, this.#maxBlock, this.#trouble);
    this.#trouble.caughtUp();
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    if (this.#lines === 0) return;
    const waiting = this.#queue?.size ?? MAX_WAITING;
    if (waiting + this.#text.length <= MAX_WAITING) this.#queue?.push(this.#text, this.#lines);
    else this.#trouble.lost(this.#lines);
    this.#text = '';
    this.#lines = 0;
  }
}
