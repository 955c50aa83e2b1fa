import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import type { Bytes } from './units.ts';

/** Calls into the C library and into this program itself, by node:ffi, and the memory that they need. */

export type Ffi = typeof import('node:ffi');

/**
 * The module, without its warning that it is experimental: whoever uses it says what it proves and what it falls back to. Throws
 * an `Error` with the reason where Node has none. That calls are allowed too (`--allow-ffi`) shows when one is looked up.
 */
export function loadFfi(): Ffi {
  const emitWarning = process.emitWarning;
  // For the time of this one call alone, in which nobody else's code runs.
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!isAboutFfi(warning, rest[0])) Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    const ffi = process.getBuiltinModule('node:ffi') as Ffi | undefined;
    if (ffi === undefined) throw new Error('this Node has no node:ffi, or was started with --no-experimental-ffi');
    return ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isAboutFfi(warning: string | Error, type: unknown): boolean {
  return type === 'ExperimentalWarning' && typeof warning === 'string' && /\bFFI\b/.test(warning);
}

/**
 * What `errno` of this thread is; of use right behind a call that failed. Its place is looked up once, and read without
 * any call in between that could change it. Of glibc and musl.
 */
export function errnoOf(ffi: Ffi): () => number {
  const { functions } = ffi.dlopen(null, { __errno_location: { return: 'pointer', arguments: [] } });
  const cell = new Int32Array(ffi.toArrayBuffer(functions.__errno_location(), 4, false));
  return () => cell[0] as number;
}

/** As Node's own errors of the system are. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  const error = new Error(`${code}: ${getSystemErrorMessage(-errno)}, ${call}`);
  return Object.assign(error, { code, errno: -errno, syscall: call });
}

/**
 * Memory that C is given addresses of: V8 never moves it. It lives as long as this object, which must be held on to for as
 * long as C may use it.
 */
export class NativeMemory {
  readonly bytes: Buffer;
  /** The same, in the byte order of the machine. */
  readonly words: Uint32Array;
  readonly #base: bigint;
  #end: Bytes = 0;

  /** All zero. */
  constructor(ffi: Ffi, size: Bytes) {
    const memory = new ArrayBuffer(aligned(size));
    this.bytes = Buffer.from(memory);
    this.words = new Uint32Array(memory);
    this.#base = ffi.getRawPointer(memory);
  }

  /** Where so many bytes begin that nobody else has, as an offset, aligned as any C type wants it. Throws when it is used up. */
  take(size: Bytes): Bytes {
    const start = this.#end;
    this.#end += aligned(size);
    if (this.#end > this.bytes.length) throw new RangeError('native memory is used up');
    return start;
  }

  /** Of the byte at an offset, as C has it. */
  address(offset: Bytes): bigint {
    return this.#base + BigInt(offset);
  }

  /** Writes at `offset` a pointer to what is at `target`. */
  point(offset: Bytes, target: Bytes): void {
    this.bytes.writeBigUInt64LE(this.address(target), offset);
  }
}

function aligned(size: Bytes): Bytes {
  return Math.ceil(size / 16) * 16;
}
