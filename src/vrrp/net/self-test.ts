import { constants } from 'node:os';
import { NativeMemory } from '../../base/ffi.ts';
import type { Ms } from '../../base/units.ts';
import { removeAddress } from '../wire/netlink-request.ts';
import { KernelTimer } from './kernel-timer.ts';
import { RouteRequests } from './netlink-socket.ts';
import { Readiness } from './readiness.ts';
import { Reception } from './reception.ts';
import { RawSocket } from './socket.ts';
import { AF_INET, type VrrpSystem } from './system.ts';

const { EBADF, EADDRNOTAVAIL, EPERM } = constants.errno;

const PATIENCE: Ms = 1_000;

/** For experiments (RFC 3692 §2.1): nobody else listens to it. */
const PROTOCOL = 253;
const HERE = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK_INDEX = 1;
const WORD = 'portico';
const IPV4_HEADER = 20;

/**
 * Holds what we call against the system before anything depends on it: node:ffi is experimental, layouts are written down by hand,
 * and rights may be missing. Rejects with an `Error` that says what is not as it should be, so that VRRP is refused rather than
 * half there.
 */
export async function proveNet(system: VrrpSystem): Promise<void> {
  expect(system.libc.close(-1), -1, 'what close returns for no descriptor');
  expect(system.errno(), EBADF, 'errno of close for no descriptor');
  proveAddresses(system);
  await proveReception(system);
  await proveTimer(system);
}

/** An address that nobody has is removed from the loopback interface: it is not found, by who may remove it. */
function proveAddresses(system: VrrpSystem): void {
  const requests = new RouteRequests(system);
  try {
    const nowhere = { interface: LOOPBACK_INDEX, address: Uint8Array.of(127, 253, 253, 253) };
    const errno = requests.change((sequence) => removeAddress(nowhere, sequence));
    if (errno === EPERM) throw new Error('addresses cannot be set: it takes CAP_NET_ADMIN');
    expect(errno, EADDRNOTAVAIL, 'what the kernel says when an address is removed that is not there');
  } finally {
    requests.close();
  }
}

/** A packet to ourselves comes, and libuv says so. */
async function proveReception(system: VrrpSystem): Promise<void> {
  const socket = openRaw(system);
  const reception = new Reception(system, 256);
  const memory = new NativeMemory(system.ffi, 64);
  const { promise, resolve } = Promise.withResolvers<string>();
  const readiness = new Readiness(system, socket.fd, () => {
    const length = reception.receive(socket.fd);
    if (length > IPV4_HEADER) resolve(reception.data(length).toString('latin1', IPV4_HEADER));
  });
  const overdue = setTimeout(() => resolve(''), PATIENCE);
  try {
    const place = Buffer.alloc(16);
    place.writeUInt16LE(AF_INET);
    place.set(HERE, 4);
    expect(socket.send(memory, memory.bytes.write(WORD), place), 0, 'errno of sendto on the loopback interface');
    expect(await promise, WORD, 'what came back on the loopback interface');
  } finally {
    clearTimeout(overdue);
    readiness.close();
    socket.close();
  }
}

async function proveTimer(system: VrrpSystem): Promise<void> {
  const delay: Ms = 5;
  const { promise, resolve } = Promise.withResolvers<Ms>();
  const timer = new KernelTimer(system, () => resolve(performance.now()));
  const overdue = setTimeout(() => resolve(Infinity), PATIENCE);
  try {
    const since = performance.now();
    timer.set(delay);
    const waited = (await promise) - since;
    expect(waited >= delay && waited < PATIENCE, true, `that a timer of ${delay} ms waited ${waited} ms`);
  } finally {
    clearTimeout(overdue);
    timer.close();
  }
}

function openRaw(system: VrrpSystem): RawSocket {
  try {
    return new RawSocket(system, AF_INET, PROTOCOL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno !== -EPERM) throw error;
    throw new Error('packets of a protocol of their own cannot be sent: it takes CAP_NET_RAW', { cause: error });
  }
}

function expect(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)}, not ${String(expected)}`);
}
