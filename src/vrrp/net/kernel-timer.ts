import { NativeMemory, systemError } from '../../base/ffi.ts';
import type { Bytes, Ms } from '../../base/units.ts';
import { Readiness } from './readiness.ts';
import { CLOCK_MONOTONIC, TFD_CLOEXEC, TFD_NONBLOCK, type VrrpSystem } from './system.ts';

/** struct itimerspec: from one to the next, and until the first: each seconds (8) and nanoseconds (8). */
const ITIMERSPEC: Bytes = 32;
const SECONDS = 16;
const NANOSECONDS = 24;

/**
 * Calls once when it is due, by a clock of the kernel (timerfd_create(2)): some microseconds late, where Node's timers have whole
 * milliseconds and are up to one late. A takeover waits for two of them, its probe and itself: of 36 ms that is worth the while.
 */
export class KernelTimer {
  readonly #system: VrrpSystem;
  readonly #memory: NativeMemory;
  readonly #fd: number;
  readonly #readiness: Readiness;
  #isOpen = true;

  /** Throws an error of the system. */
  constructor(system: VrrpSystem, onDue: () => void) {
    this.#system = system;
    this.#memory = new NativeMemory(system.ffi, ITIMERSPEC);
    this.#fd = system.libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (this.#fd < 0) throw systemError('timerfd_create', system.errno());
    try {
      this.#readiness = new Readiness(system, this.#fd, () => {
        // Readable until somebody reads it, or sets it anew.
        this.clear();
        onDue();
      });
    } catch (error) {
      system.libc.close(this.#fd);
      throw error;
    }
  }

  /** In place of what was set before. What is due already, or was yesterday, is called at once, but not from here. */
  set(delay: Ms): void {
    const whole = Math.max(1, Math.ceil(delay * 1e6));
    this.#write(Math.floor(whole / 1e9), whole % 1e9);
  }

  clear(): void {
    this.#write(0, 0);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#readiness.close();
    this.#system.libc.close(this.#fd);
  }

  #write(seconds: number, nanoseconds: number): void {
    if (!this.#isOpen) return;
    const { libc, errno } = this.#system;
    this.#memory.bytes.writeBigInt64LE(BigInt(seconds), SECONDS);
    this.#memory.bytes.writeBigInt64LE(BigInt(nanoseconds), NANOSECONDS);
    if (libc.timerfd_settime(this.#fd, 0, this.#memory.address(0), 0n) < 0)
      throw systemError('timerfd_settime', errno());
  }
}
