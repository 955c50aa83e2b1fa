import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes, Ms } from '../../base/units.ts';
import { LeftOpen, MOST_SOCKETS } from './batch-left-open.ts';
import { PacketBatch } from './batch-packets.ts';
import { proveBatching } from './batch-self-test.ts';
import { type BatchSystem, openBatchSystem, POLLIN } from './batch-system.ts';

/** Whoever is asleep is woken by whatever comes; this is for what could wake nobody, and is not known to exist. */
const LONGEST_SLEEP: Ms = 100;

/** A socket that has failed so often in a row would keep the thread busy with that: from then on it is tried once in a while. */
const MOST_FAILURES = 8;
const PAUSE: Ms = 100;

/** struct pollfd: the descriptor (4 bytes), what is asked for (2), what is so (2). */
const POLLFD: Bytes = 8;

/** Takes a batch of what waits in a socket. Returns whether that could be done. */
export type TakeBatch = () => boolean;

interface Watched {
  readonly fd: number;
  readonly take: TakeBatch;
  failures: number;
}

/**
 * Waits for queries in the sockets of a thread, and for whatever else the thread has to do, at the same time. libuv cannot
 * be made to wait for sockets that it does not read itself; but it can be waited for: its own epoll descriptor becomes
 * readable when it has something to do, and it tells until when it could sleep. So it is not libuv that sleeps but we do,
 * in an immediate, in its place:
 *
 *     libuv: timers ▸ I/O, messages (without waiting, as an immediate is due) ▸ immediates:
 *         poll(our sockets, libuv's epoll; until its next timer) ▸ a batch of each socket ▸ poll … ▸ libuv is due ▸ on with it
 *
 * What else the thread does, TCP, messages, timers, has its turn between two batches, however many queries come; and while it
 * has nothing to do, no query pays for a turn of the event loop. So it costs what a thread would that does nothing but block in
 * recvmmsg: 559 k and 540 k echoes for a CPU-second, where node:dgram makes 160 k.
 *
 * There may be one in a thread: two would keep each other awake.
 */
export class BatchLoop {
  readonly system: BatchSystem;
  /** For whichever socket has its turn. */
  readonly packets: PacketBatch;
  readonly openings: LeftOpen;
  readonly #memory: NativeMemory;
  readonly #watched: Watched[] = [];
  #count = 1n;
  #next: NodeJS.Immediate | undefined;
  /** libuv says "not at all" when asked how long it can sleep with nothing that keeps it alive. */
  #alive: NodeJS.Timeout | undefined;

  /**
   * Proves first, in some milliseconds, that the system is what this code takes it for; rejects with an `Error` that says what
   * is not. `leftOpen`: memory of `LeftOpen`, with what a former thread that is no more had open.
   */
  static async open(leftOpen?: SharedArrayBuffer): Promise<BatchLoop> {
    const system = openBatchSystem();
    const openings = new LeftOpen(leftOpen);
    openings.closeAll(system);
    const loop = new BatchLoop(system, openings);
    await proveBatching(system, loop.packets, openings);
    // For an end without `close`. There are others, of which nobody is told; hence `leftOpen`.
    process.once('exit', () => openings.closeAll(system));
    return loop;
  }

  private constructor(system: BatchSystem, openings: LeftOpen) {
    this.system = system;
    this.openings = openings;
    this.packets = new PacketBatch(system);
    this.#memory = new NativeMemory(system.ffi, (MOST_SOCKETS + 1) * POLLFD);
    this.#list();
  }

  add(fd: number, take: TakeBatch): void {
    this.#watched.push({ fd, take, failures: 0 });
    this.#list();
    this.#alive ??= setInterval(() => {}, 2 ** 30);
    this.#next ??= setImmediate(this.#turn);
  }

  /** Not from within a `take`. */
  remove(fd: number): void {
    const index = this.#watched.findIndex((each) => each.fd === fd);
    if (index === -1) return;
    this.#watched.splice(index, 1);
    this.#list();
    if (this.#watched.length > 0) return;
    clearImmediate(this.#next);
    clearInterval(this.#alive);
    this.#next = undefined;
    this.#alive = undefined;
  }

  readonly #turn = (): void => {
    const next = setImmediate(this.#turn);
    this.#next = next;
    // As long as it does not count, libuv says what there is to do but for it; then it counts, and libuv does not sleep.
    next.unref();
    try {
      this.#serve(Math.min(this.system.loopTimeout(), LONGEST_SLEEP));
    } finally {
      next.ref();
    }
  };

  #serve(sleep: Ms): void {
    const { libc } = this.system;
    const watched = this.#watched;
    const { words } = this.#memory;
    const list = this.#memory.address(0);
    const until = performance.now() + sleep;
    for (let left = sleep; ; left = until - performance.now()) {
      if (libc.poll(list, this.#count, left > 0 ? Math.ceil(left) : 0) <= 0) return;
      for (let i = 0; i < watched.length; i++) {
        if (isReady(words, i + 1)) this.#take(watched[i] as Watched);
      }
      if (isReady(words, 0) || left <= 0) return;
    }
  }

  #take(watched: Watched): void {
    if (watched.take()) {
      watched.failures = 0;
    } else if (++watched.failures === MOST_FAILURES) {
      this.#list();
      setTimeout(() => {
        watched.failures -= 1;
        this.#list();
      }, PAUSE).unref();
    }
  }

  /** libuv's epoll first, and the sockets behind it. */
  #list(): void {
    const { bytes } = this.#memory;
    const ours = this.#watched.map(({ fd, failures }) => (failures < MOST_FAILURES ? fd : -1)); // poll leaves −1 out
    const all = [this.system.loopFd, ...ours];
    for (const [index, fd] of all.entries()) {
      bytes.writeInt32LE(fd, index * POLLFD);
      bytes.writeInt32LE(POLLIN, index * POLLFD + 4);
    }
    this.#count = BigInt(all.length);
  }
}

function isReady(words: Uint32Array, index: number): boolean {
  return (words[2 * index + 1] as number) >>> 16 !== 0;
}
