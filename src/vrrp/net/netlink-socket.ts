import { constants } from 'node:os';
import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { decodeNetlink, type NetlinkMessage } from '../wire/netlink.ts';
import { Readiness } from './readiness.ts';
import { Reception } from './reception.ts';
import { RawSocket } from './socket.ts';
import { AF_NETLINK, NETLINK_ROUTE, RTMGRP, type VrrpSystem } from './system.ts';

/** Dumps come in datagrams of up to 32 KiB (netlink(7)). */
const ROOM: Bytes = 64 * 1024;
const LONGEST_REQUEST: Bytes = 16_384;

/** sockaddr_nl: family (2), 0 (2), port (4), groups (4). The kernel is port 0, and chooses ours. */
function kernel(groups = 0): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK);
  address.writeUInt32LE(groups, 8);
  return address;
}

/**
 * Asks a part of the kernel for something. It does what a request wants before `send` returns, and its answer waits by then: so all of it is
 * synchronous, within some 0.1 ms.
 */
export class KernelRequests {
  readonly #socket: RawSocket;
  readonly #reception: Reception;
  readonly #request: NativeMemory;
  #sequence = 0;

  /** `protocol`: which part. Throws an error of the system. */
  constructor(system: VrrpSystem, protocol: number) {
    this.#reception = new Reception(system, ROOM);
    this.#request = new NativeMemory(system.ffi, LONGEST_REQUEST);
    this.#socket = new RawSocket(system, AF_NETLINK, protocol);
    this.#socket.bind(kernel());
  }

  /** A change: 0 when it is done, else the number of the error (17, EEXIST, say). `make` is handed the number of the request. */
  change(make: (sequence: number) => Buffer): number {
    const answer = this.ask(make);
    if (typeof answer === 'number') return answer;
    const said = answer.flatMap(decodeNetlink).filter(({ kind }) => kind === 'acknowledged');
    if (said.length === 0) return NO_ANSWER;
    return said.reduce((errno, each) => errno || (each.kind === 'acknowledged' ? each.errno : 0), 0);
  }

  /** Its answer, as it came; or the number of the error. */
  ask(make: (sequence: number) => Buffer): readonly Buffer[] | number {
    if (!this.#socket.isOpen) return constants.errno.EBADF;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#forget();
    const request = make(this.#sequence);
    this.#request.bytes.set(request);
    const errno = this.#socket.send(this.#request, request.length, kernel());
    if (errno !== 0) return errno;
    const datagrams: Buffer[] = [];
    for (;;) {
      const length = this.#reception.receive(this.#socket.fd);
      if (length < 0) return datagrams;
      datagrams.push(Buffer.from(this.#reception.data(length)));
    }
  }

  close(): void {
    this.#socket.close();
  }

  /** Of what takes the kernel its time: see `RawSocket`. */
  closeAside(): void {
    this.#socket.closeAside();
  }

  /** What is left of a dump that was interrupted. */
  #forget(): void {
    while (this.#reception.receive(this.#socket.fd) >= 0);
  }
}

/** Asks for changes of addresses, and for what there is. */
export class RouteRequests extends KernelRequests {
  constructor(system: VrrpSystem) {
    super(system, NETLINK_ROUTE);
  }

  /** What there is. Throws an error of the system when it is not told. */
  dump(make: (sequence: number) => Buffer): NetlinkMessage[] {
    const answer = this.ask(make);
    if (typeof answer === 'number') throw new Error(`the kernel does not tell of its interfaces: error ${answer}`);
    return answer.flatMap(decodeNetlink);
  }
}

/** The kernel has always answered by the time. */
const NO_ANSWER = constants.errno.EPROTO;

/** Interfaces and addresses that change, whoever changes them. */
export class RouteEvents {
  readonly #socket: RawSocket;
  readonly #reception: Reception;
  readonly #readiness: Readiness;

  constructor(system: VrrpSystem, onMessage: (message: NetlinkMessage) => void) {
    this.#reception = new Reception(system, ROOM);
    this.#socket = new RawSocket(system, AF_NETLINK, NETLINK_ROUTE);
    this.#socket.bind(kernel(RTMGRP.LINK | RTMGRP.IPV4_IFADDR | RTMGRP.IPV6_IFADDR));
    this.#readiness = new Readiness(system, this.#socket.fd, () => {
      for (;;) {
        const length = this.#reception.receive(this.#socket.fd);
        // There was more than room for it: some of it is lost.
        if (length === -constants.errno.ENOBUFS) onMessage({ kind: 'overrun' });
        else if (length < 0) return;
        // From the kernel: port 0. Others may send to us as well (netlink(7)).
        if (length < 0 || this.#reception.name.readUInt32LE(4) !== 0) continue;
        for (const message of decodeNetlink(Buffer.from(this.#reception.data(length)))) onMessage(message);
      }
    });
  }

  close(): void {
    this.#readiness.close();
    this.#socket.close();
  }
}
