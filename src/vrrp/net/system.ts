import { endianness } from 'node:os';
import { errnoOf, type Ffi, loadFfi } from '../../base/ffi.ts';

/**
 * What VRRP asks of Linux and of libuv that Node does not offer. The numbers and layouts are those of Linux on x64 and arm64,
 * which are alike; `self-test.ts` holds them against the system that this runs on.
 */

const LIBC = {
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  bind: { return: 'i32', arguments: ['i32', 'pointer', 'u32'] },
  setsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'] },
  sendto: { return: 'i64', arguments: ['i32', 'pointer', 'u64', 'i32', 'pointer', 'u32'] },
  recvmsg: { return: 'i64', arguments: ['i32', 'pointer', 'i32'] },
  close: { return: 'i32', arguments: ['i32'] },
  timerfd_create: { return: 'i32', arguments: ['i32', 'i32'] },
  timerfd_settime: { return: 'i32', arguments: ['i32', 'i32', 'pointer', 'pointer'] },
  sched_setscheduler: { return: 'i32', arguments: ['i32', 'i32', 'pointer'] },
} as const;

const LIBUV = {
  uv_handle_size: { return: 'u64', arguments: ['i32'] },
  uv_poll_init: { return: 'i32', arguments: ['pointer', 'pointer', 'i32'] },
  uv_poll_start: { return: 'i32', arguments: ['pointer', 'i32', 'pointer'] },
  uv_poll_stop: { return: 'i32', arguments: ['pointer'] },
  uv_close: { return: 'void', arguments: ['pointer', 'pointer'] },
} as const;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;

export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;

export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;

export const IPPROTO_RAW = 255;

export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_MULTICAST_ALL = 49;

export const IPPROTO_IPV6 = 41;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_ADD_MEMBERSHIP = 20;
export const IPV6_MULTICAST_ALL = 29;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;
export const IPV6_TCLASS = 67;

export const SOL_PACKET = 263;
export const PACKET_VNET_HDR = 15;

export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_NETFILTER = 12;
export const RTMGRP = { LINK: 1, IPV4_IFADDR: 0x10, IPV6_IFADDR: 0x100 } as const;

export const CLOCK_MONOTONIC = 1;
export const TFD_NONBLOCK = SOCK_NONBLOCK;
export const TFD_CLOEXEC = SOCK_CLOEXEC;

export const SCHED_RR = 2;
/** Of policies: not for threads and processes that are made from here on. */
export const SCHED_RESET_ON_FORK = 0x4000_0000;

export interface VrrpSystem {
  readonly ffi: Ffi;
  readonly libc: ReturnType<typeof openLibc>['functions'];
  readonly libuv: ReturnType<typeof openLibuv>['functions'];
  /** Makes a function of ours into one that C can call. It must not throw: that would end the process. */
  readonly callback: (signature: object, call: (...values: never[]) => void) => bigint;
  /** C does not call it any more, nor is it being called. */
  readonly forget: (callback: bigint) => void;
  /** Of the last call of `libc` that failed. */
  readonly errno: () => number;
  /** libuv's loop of this thread. */
  readonly loop: bigint;
}

/** Throws an `Error` that says what is missing. */
export function openVrrpSystem(): VrrpSystem {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64') || endianness() !== 'LE') {
    throw new Error(`VRRP is for Linux on x64 and arm64, and this is ${platform} on ${arch}`);
  }
  const ffi = loadFfi();
  const libc = openLibc(ffi);
  const libuv = openLibuv(ffi);
  return {
    ffi,
    libc: libc.functions,
    libuv: libuv.functions,
    callback: (signature, call) => libuv.lib.registerCallback(signature, call),
    forget: (callback) => libuv.lib.unregisterCallback(callback),
    errno: errnoOf(ffi),
    loop: ffi.getCurrentEventLoop(),
  };
}

/** By its name, which musl's does not have: there the layouts are others. */
function openLibc(ffi: Ffi) {
  return ffi.dlopen('libc.so.6', LIBC);
}

function openLibuv(ffi: Ffi) {
  return ffi.dlopen(null, LIBUV);
}
