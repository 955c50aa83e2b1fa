import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { NativeMemory } from '../../base/ffi.ts';
import type { Ms } from '../../base/units.ts';
import type { PacketBatch } from './batch-packets.ts';
import { closeBatchSocket, type Openings, openBatchSocket } from './batch-socket.ts';
import { type BatchSystem, POLLIN } from './batch-system.ts';
import { emptySource } from './source.ts';

const PATIENCE: Ms = 1_000;
/** None is like another in length: what is told of one packet cannot be taken for another's. */
const QUERIES: readonly string[] = ['first', 'the second one', 'and the third'];
/** Not where the peer is, and not what a socket for all addresses would choose by itself. */
const ASKED = '127.0.0.2';

/**
 * Holds the engine against the system before any query depends on it: node:ffi is experimental, layouts are written down by
 * hand, and a sandbox may refuse a call. node:dgram is the witness. Rejects with an `Error` that says what is not as it should be.
 */
export async function proveBatching(system: BatchSystem, packets: PacketBatch, openings: Openings): Promise<void> {
  // libuv's own descriptors are in its epoll from the first turn of the loop on.
  await setImmediate();
  proveErrno(system);
  proveLoop(system);
  const { fd, address } = openBatchSocket(system, { host: '0.0.0.0', port: 0 }, openings);
  try {
    await provePackets(packets, fd, address.port, system);
  } finally {
    closeBatchSocket(system, fd, openings);
  }
}

function proveErrno({ libc, errno }: BatchSystem): void {
  expect(libc.close(-1), -1, 'what close returns for no descriptor');
  expect(errno(), constants.errno.EBADF, 'errno of close for no descriptor');
  expect(libc.poll(0n, 1n, 0), -1, 'what poll returns for no list');
  expect(errno(), constants.errno.EFAULT, 'errno of poll for no list');
}

/** That libuv can be waited for. */
function proveLoop(system: BatchSystem): void {
  const memory = new NativeMemory(system.ffi, 16);
  memory.bytes.writeInt32LE(system.loopFd);
  memory.bytes.writeInt16LE(POLLIN, 4);
  const { port1, port2 } = new MessageChannel();
  port2.on('message', () => {});
  port1.postMessage('a');
  const ready = system.libc.poll(memory.address(0), 1n, PATIENCE);
  port1.close();
  port2.close();
  expect(ready, 1, 'how many event loops have something to do');
}

async function provePackets(packets: PacketBatch, fd: number, port: number, system: BatchSystem): Promise<void> {
  expect(packets.receive(fd), -1, 'what recvmmsg returns when there is nothing');
  expect(system.errno(), constants.errno.EAGAIN, 'errno of recvmmsg when there is nothing');

  const peer = createSocket('udp4');
  try {
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    const replies: string[] = [];
    peer.on('message', (bytes, from) => replies.push(`${bytes} from ${from.address}:${from.port}`));
    for (const query of QUERIES) peer.send(query, port, ASKED);
    await answer(packets, fd, peer.address().port);
    await until(() => replies.length === QUERIES.length, 'replies');
    const expected = QUERIES.map((query) => `re: ${query} from ${ASKED}:${port}`);
    expect(replies.sort().join(), expected.sort().join(), 'what came back');
  } finally {
    peer.close();
  }
}

async function answer(packets: PacketBatch, fd: number, port: number): Promise<void> {
  const source = emptySource('udp');
  const queries: string[] = [];
  await until(() => {
    const count = packets.receive(fd);
    for (let i = 0; i < count; i++) {
      const query = (packets.queries[i] as Buffer).toString('latin1', 0, packets.length(i));
      queries.push(query);
      packets.source(i, source);
      expect(`${source.address.subarray(0, 4).join('.')}:${source.port}`, `127.0.0.1:${port}`, 'where a query is from');
      expect(packets.isCut(i), false, 'that a query was cut');
      expect(packets.returnPath(i), 'known', 'the way back');
      packets.stage(i, packets.next.write(`re: ${query}`, 'latin1'));
    }
    if (count > 0) expect(packets.send(fd), 0, 'how many replies were not sent');
    return queries.length === QUERIES.length;
  }, 'queries');
  expect(queries.sort().join(), QUERIES.toSorted().join(), 'what came');
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`on the loopback interface ${what} did not arrive`);
    await setImmediate();
  }
}

function expect(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what} is ${String(found)}, not ${String(expected)}`);
}
