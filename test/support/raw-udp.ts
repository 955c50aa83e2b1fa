import type { HostPort } from '../../src/base/address.ts';
import { type Ffi, loadFfi, NativeMemory } from '../../src/base/ffi.ts';

const LIBC = {
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  sendto: { return: 'i64', arguments: ['i32', 'pointer', 'u64', 'i32', 'pointer', 'u32'] },
  close: { return: 'i32', arguments: ['i32'] },
} as const;

// Linux.
const AF_INET = 2;
const SOCK_RAW = 3;
/** Whoever sends writes the header of IPv4 too (raw(7)). */
const IPPROTO_RAW = 255;
const IPPROTO_UDP = 17;

const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const MOST = 1500;

/** Sends UDP packets that claim to come from anywhere. Linux alone, and for root alone. */
export class RawUdp {
  readonly #libc: ReturnType<typeof openLibc>;
  readonly #memory: NativeMemory;
  readonly #fd: number;

  /** `undefined`: it cannot be had here. */
  static open(): RawUdp | undefined {
    if (process.platform !== 'linux') return undefined;
    const ffi = loadFfi();
    const libc = openLibc(ffi);
    const fd = libc.functions.socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    return fd < 0 ? undefined : new RawUdp(ffi, libc, fd);
  }

  private constructor(ffi: Ffi, libc: ReturnType<typeof openLibc>, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#memory = new NativeMemory(ffi, MOST + 16);
  }

  /**
   * Port 0 is one like others here. The kernel sees to the length, identification and checksum of the packet; of UDP the
   * checksum is zero, which is none (RFC 768).
   *
   *     0  version 4, header of 5 words    8  time to live   20  source port        24  length
   *     2  length                          9  UDP            22  destination port   26  checksum
   *     4  identification, fragment       12  source, destination
   */
  send(payload: Uint8Array, from: HostPort, to: HostPort): void {
    const { bytes } = this.#memory;
    const address = 0;
    const packet = 16;
    bytes.fill(0, 0, packet + IPV4_HEADER + UDP_HEADER);
    bytes.writeUInt16LE(AF_INET, address);
    writeAddress(bytes, to.host, address + 4);

    bytes[packet] = 0x45;
    bytes[packet + 8] = 64;
    bytes[packet + 9] = IPPROTO_UDP;
    writeAddress(bytes, from.host, packet + 12);
    writeAddress(bytes, to.host, packet + 16);
    const udp = packet + IPV4_HEADER;
    bytes.writeUInt16BE(from.port, udp);
    bytes.writeUInt16BE(to.port, udp + 2);
    bytes.writeUInt16BE(UDP_HEADER + payload.length, udp + 4);
    bytes.set(payload, udp + UDP_HEADER);

    const length = IPV4_HEADER + UDP_HEADER + payload.length;
    const [at, where] = [this.#memory.address(packet), this.#memory.address(address)];
    const sent = this.#libc.functions.sendto(this.#fd, at, BigInt(length), 0, where, 16);
    if (Number(sent) !== length) throw new Error(`the system did not take a packet of ${length} bytes`);
  }

  close(): void {
    this.#libc.functions.close(this.#fd);
  }
}

function openLibc(ffi: Ffi) {
  return ffi.dlopen('libc.so.6', LIBC);
}

function writeAddress(bytes: Buffer, host: string, at: number): void {
  for (const [index, part] of host.split('.').entries()) bytes[at + index] = Number(part);
}
