import { endianness } from 'node:os';
import { errnoOf, type Ffi, loadFfi } from '../../base/ffi.ts';

/**
 * What the batching engine asks of Linux and of libuv. The numbers and layouts are those of Linux on x64 and arm64, which
 * are alike; `batch-self-test.ts` holds them against the system that this runs on.
 */

const LIBC = {
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  bind: { return: 'i32', arguments: ['i32', 'pointer', 'u32'] },
  getsockname: { return: 'i32', arguments: ['i32', 'pointer', 'pointer'] },
  setsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'] },
  getsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'pointer'] },
  recvmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32', 'pointer'] },
  sendmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32'] },
  poll: { return: 'i32', arguments: ['pointer', 'u64', 'i32'] },
  close: { return: 'i32', arguments: ['i32'] },
} as const;

/** For programs that have a loop of their own around libuv's; here it is the other way round. */
const LIBUV = {
  uv_backend_fd: { return: 'i32', arguments: ['pointer'] },
  uv_backend_timeout: { return: 'i32', arguments: ['pointer'] },
} as const;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const POLLIN = 1;

export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;

export const IPPROTO_IP = 0;
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_OMIT = 5;

export const IPPROTO_IPV6 = 41;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_PMTUDISC_OMIT = 5;

export interface BatchSystem {
  readonly ffi: Ffi;
  /** Held, as what is called belongs to them. */
  readonly libraries: readonly unknown[];
  readonly libc: ReturnType<typeof openLibc>['functions'];
  /** Of the last call of `libc` that failed. */
  readonly errno: () => number;
  /** What becomes readable when libuv's loop of this thread has something to do. */
  readonly loopFd: number;
  /** How many milliseconds libuv would sleep now at most; 0: not at all, −1: without end. */
  readonly loopTimeout: () => number;
}

/** Throws an `Error` that says what is missing. */
export function openBatchSystem(): BatchSystem {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64') || endianness() !== 'LE') {
    throw new Error(`it is for Linux on x64 and arm64, and this is ${platform} on ${arch}`);
  }
  const ffi = loadFfi();
  const libc = openLibc(ffi);
  const libuv = ffi.dlopen(null, LIBUV);
  const loop = ffi.getCurrentEventLoop();
  const { uv_backend_timeout } = libuv.functions;
  return {
    ffi,
    libraries: [libc, libuv],
    libc: libc.functions,
    errno: errnoOf(ffi),
    loopFd: libuv.functions.uv_backend_fd(loop),
    loopTimeout: () => uv_backend_timeout(loop),
  };
}

/** By its name, which musl's does not have: there the layouts are others. */
function openLibc(ffi: Ffi) {
  return ffi.dlopen('libc.so.6', LIBC);
}
