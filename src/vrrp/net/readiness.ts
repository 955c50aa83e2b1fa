import { NativeMemory, systemError } from '../../base/ffi.ts';
import type { VrrpSystem } from './system.ts';

/** Of `uv_handle_type`. */
const UV_POLL = 8;
const UV_READABLE = 1;

const SIGNATURE = { return: 'void', arguments: ['pointer', 'i32', 'i32'] } as const;

/** Handles that are closing: libuv writes into their memory once more, in its next turn. */
const closing = new Set<Readiness>();

/**
 * Has libuv tell when a descriptor can be read, by a `uv_poll_t` of its own: so packets come in the same loop as timers, within
 * microseconds, and nobody polls. For the main thread alone: a thread that is ended with one open takes the process with it.
 *
 * What is called runs within a callback of C: there an error would end the process, and what a promise has queued waits for
 * some other callback. So errors are thrown anew behind it, and an immediate sees to it that there is such a callback.
 */
export class Readiness {
  readonly #system: VrrpSystem;
  readonly #memory: NativeMemory;
  /** Held: C calls it. */
  readonly #callback: bigint;
  #isOpen = true;

  /** `fd` must not block. Throws when libuv does not take it. */
  constructor(system: VrrpSystem, fd: number, onReadable: () => void) {
    const { ffi, libuv, loop } = system;
    this.#system = system;
    this.#memory = new NativeMemory(ffi, Number(libuv.uv_handle_size(UV_POLL)));
    this.#callback = system.callback(SIGNATURE, () => {
      if (!this.#isOpen) return;
      try {
        onReadable();
        setImmediate(nothing);
      } catch (error) {
        setImmediate(() => {
          throw error;
        });
      }
    });
    const handle = this.#memory.address(0);
    check('uv_poll_init', libuv.uv_poll_init(loop, handle, fd));
    check('uv_poll_start', libuv.uv_poll_start(handle, UV_READABLE, this.#callback));
  }

  /** Nothing is called any more. The descriptor can be closed then. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { libuv } = this.#system;
    const handle = this.#memory.address(0);
    libuv.uv_poll_stop(handle);
    libuv.uv_close(handle, 0n);
    closing.add(this);
    const over = () => {
      closing.delete(this);
      this.#system.forget(this.#callback);
    };
    setImmediate(() => setImmediate(over));
  }
}

function check(call: string, result: number): void {
  if (result !== 0) throw systemError(call, -result);
}

function nothing(): void {}
