import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Ffi, loadFfi } from '../../../src/base/ffi.ts';
import { CMSG, MSGHDR, SOCKADDR } from '../../../src/geodns/server/batch-layout.ts';
import { PacketBatch } from '../../../src/geodns/server/batch-packets.ts';
import {
  AF_INET,
  AF_INET6,
  type BatchSystem,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
} from '../../../src/geodns/server/batch-system.ts';
import { emptySource } from '../../../src/geodns/server/source.ts';
import { isLinux } from './batch-scene.ts';

const { EAGAIN, ECONNREFUSED, EHOSTUNREACH, EINTR, EINVAL, ENOBUFS, EPERM } = constants.errno;

/** A system that takes packets and refuses them as it is told to; what is received is written by the test. */
class ScriptedSystem {
  readonly ffi: Ffi = loadFfi();
  /** How many packets each call of sendmmsg takes; negative: an errno. */
  sending: number[] = [];
  /** How many each call was given. */
  readonly given: number[] = [];
  receiving: (header: (index: number) => bigint) => number = () => 0;
  #errno = 0;

  readonly libc = {
    recvmmsg: (_fd: number, headers: bigint) => this.receiving((index) => headers + BigInt(index * 4 * MSGHDR.words)),
    sendmmsg: (_fd: number, _headers: bigint, count: number) => {
      this.given.push(count);
      const result = this.sending.shift() ?? count;
      if (result > 0) return result;
      this.#errno = -result;
      return -1;
    },
  };

  readonly errno = () => this.#errno;

  batch(): PacketBatch {
    return new PacketBatch(this as unknown as BatchSystem);
  }
}

describe.skipIf(!isLinux)('replies of a batch', () => {
  test.each([
    { name: 'are sent by one call', sending: [5], given: [5], unsent: 0 },
    { name: 'of which some are taken are offered again from there', sending: [2, 3], given: [5, 3], unsent: 0 },
    { name: 'are offered again after a signal', sending: [-EINTR, -EINTR, 5], given: [5, 5, 5], unsent: 0 },
    { name: 'are not to blame for what another met', sending: [-ECONNREFUSED, 5], given: [5, 5], unsent: 0 },
    { name: 'are given up when it is they', sending: [-ECONNREFUSED, -ECONNREFUSED, 4], given: [5, 5, 4], unsent: 1 },
    { name: 'that a firewall refuses hold up no others', sending: [1, -EPERM, 3], given: [5, 4, 3], unsent: 1 },
    { name: 'that have no way hold up no others', sending: [-EHOSTUNREACH, -EINVAL, 3], given: [5, 4, 3], unsent: 2 },
    { name: 'are given up together when there is no room', sending: [2, -EAGAIN], given: [5, 3], unsent: 3 },
    { name: 'are given up together when there is no buffer', sending: [-ENOBUFS], given: [5], unsent: 5 },
  ])('$name', ({ sending, given, unsent }) => {
    const system = new ScriptedSystem();
    const batch = system.batch();
    system.receiving = () => 5;
    expect(batch.receive(3)).toBe(5);
    for (let i = 0; i < 5; i++) batch.stage(i, 10);
    system.sending = sending;
    expect(batch.send(3)).toBe(unsent);
    expect(system.given).toEqual(given);
    expect(system.sending).toEqual([]);
    // None is left over for the next batch.
    expect(batch.send(3)).toBe(0);
    expect(system.given).toEqual(given);
  });
});

describe.skipIf(!isLinux)('the way back to where a query came from', () => {
  /** One packet as the system tells of it; returns the control message, in words. */
  function receive({ control, name = '' }: { control: readonly number[]; name?: string }) {
    const system = new ScriptedSystem();
    const { ffi } = system;
    let at = 0n;
    system.receiving = (header) => {
      at = ffi.getUint64(header(0), 4 * MSGHDR.control);
      for (const [index, word] of control.entries()) ffi.setUint32(at, 4 * index, word);
      const bytes = Buffer.from(name, 'hex');
      ffi.exportBuffer(bytes, ffi.getUint64(header(0), 4 * MSGHDR.name), bytes.length);
      ffi.setUint32(header(0), 4 * MSGHDR.controlLength, 4 * control.length);
      return 1;
    };
    const batch = system.batch();
    batch.receive(3);
    return { batch, word: (index: number) => ffi.getUint32(at, 4 * index) };
  }

  /** Words in the machine's order, of addresses in the network's. */
  const words = (hex: string) => Array.from(new Uint32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer));
  const ipv4 = (local: string, destination: string) => [
    28,
    0,
    IPPROTO_IP,
    IP_PKTINFO,
    7,
    ...words(local + destination),
  ];
  const ipv6 = (local: string) => [36, 0, IPPROTO_IPV6, IPV6_PKTINFO, ...words(local), 7];

  test.each([
    { to: 'an address', control: ipv4('c0000201', 'c0000201'), way: 'known', left: { at: CMSG.ipv4Interface, is: 0 } },
    { to: 'a broadcast address', control: ipv4('c0000201', 'c00002ff'), way: 'broadcast', left: undefined },
    { to: 'fd00::', control: ipv6(`fd${'0'.repeat(30)}`), way: 'known', left: { at: CMSG.ipv6Interface, is: 0 } },
    { to: 'fe80::', control: ipv6(`fe80${'0'.repeat(28)}`), way: 'known', left: { at: CMSG.ipv6Interface, is: 7 } },
    { to: 'febf::', control: ipv6(`febf${'0'.repeat(28)}`), way: 'known', left: { at: CMSG.ipv6Interface, is: 7 } },
    { to: 'fec0::', control: ipv6(`fec0${'0'.repeat(28)}`), way: 'known', left: { at: CMSG.ipv6Interface, is: 0 } },
    { to: 'ff02::1', control: ipv6(`ff02${'0'.repeat(27)}1`), way: 'broadcast', left: undefined },
    { to: 'who knows where', control: [20, 0, 1, 29, 7], way: 'known', left: { at: CMSG.ipv4Interface, is: 7 } },
    { to: 'the address of the socket', control: [], way: 'known', left: undefined },
  ])('is $way, of what was sent to $to; of the interface $left.is is left', ({ control, way, left }) => {
    const { batch, word } = receive({ control });
    expect(batch.returnPath(0)).toBe(way);
    if (left !== undefined) expect(word(left.at)).toBe(left.is);
  });

  test('is an address and a port of either family', () => {
    const family = (number: number) => Buffer.from(Uint16Array.of(number).buffer).toString('hex');
    const source = emptySource('udp');
    receive({ control: [], name: `${family(AF_INET)}c350cb007109` }).batch.source(0, source);
    expect(source).toMatchObject({ family: 4, port: 50_000 });
    expect([...source.address.subarray(0, 4)]).toEqual([203, 0, 113, 9]);
    const address = '20010db80102030405060708090a0b0c';
    const name = `${family(AF_INET6)}0001${'00'.repeat(SOCKADDR.ipv6 - 4)}${address}`;
    receive({ control: [], name }).batch.source(0, source);
    expect(source).toMatchObject({ family: 6, port: 1 });
    expect(Buffer.from(source.address).toString('hex')).toBe(address);
  });
});
