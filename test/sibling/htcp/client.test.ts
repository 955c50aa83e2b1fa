import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { HtcpClient } from '../../../src/sibling/htcp/client.ts';
import { CLR_RESPONSES, encodeCleared, type HtcpHead } from '../../../src/sibling/htcp/message.ts';
import { type ClearSource, HtcpServer } from '../../../src/sibling/htcp/server.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { peerPlan, siblingPlan } from '../plan.ts';
import { clearBytes } from './packets.ts';

const URL = 'http://www.site.test/cc/p2';

afterEach(() => {
  vi.useRealTimers();
});

/** A peer that takes purges, and answers as the test says. */
class Peer {
  readonly taken: Buffer[] = [];
  readonly #socket: Socket;

  static async open(answer: (packet: Buffer, count: number) => Buffer | undefined): Promise<Peer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    atTeardown(() => socket.close());
    return new Peer(socket, answer);
  }

  private constructor(socket: Socket, answer: (packet: Buffer, count: number) => Buffer | undefined) {
    this.#socket = socket;
    socket.on('message', (packet, { address, port }) => {
      const reply = answer(packet, this.taken.push(packet));
      if (reply !== undefined) socket.send(reply, port, address);
    });
  }

  /** The next packet has come. */
  async takes(): Promise<void> {
    await once(this.#socket, 'message');
  }

  get address(): HostPort {
    return { host: '127.0.0.1', port: this.#socket.address().port };
  }
}

async function open(host = '127.0.0.1'): Promise<HtcpClient> {
  const client = new HtcpClient(recordedLog().log);
  await client.open(host);
  atTeardown(() => client.close());
  return client;
}

const headOf = (packet: Buffer): HtcpHead => ({ minor: 1, transaction: packet.readUInt32BE(8), f1: true });
const gone = (packet: Buffer) => encodeCleared(headOf(packet), CLR_RESPONSES.gone);

describe('a purge that is sent to a peer', () => {
  test('is what Squid takes for one', async () => {
    const [client, peer] = [await open(), await Peer.open(gone)];
    expect(await client.clear(URL, peer.address)).toBe(true);
    const [packet] = peer.taken as [Buffer];
    expect(packet).toEqual(clearBytes({ url: URL, transaction: packet.readUInt32BE(8), f1: true }));
  });

  test.each([
    { response: 'gone', acknowledged: true },
    { response: 'missing', acknowledged: true },
    { response: 'kept', acknowledged: false },
  ] as const)('is acknowledged by "$response": $acknowledged', async ({ response, acknowledged }) => {
    const client = await open();
    const peer = await Peer.open((packet) => encodeCleared(headOf(packet), CLR_RESPONSES[response]));
    expect(await client.clear(URL, peer.address)).toBe(acknowledged);
  });

  test('is not by a response about the message as such', async () => {
    const client = await open();
    const peer = await Peer.open((packet) => {
      const refusal = gone(packet) as Buffer;
      refusal[7] = 3;
      return refusal;
    });
    expect(await client.clear(URL, peer.address)).toBe(false);
  });

  test('is sent once more after half a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = await open();
    const peer = await Peer.open((packet, count) => (count > 1 ? gone(packet) : undefined));
    const taken = peer.takes();
    const cleared = client.clear(URL, peer.address);
    await taken;
    vi.advanceTimersByTime(499);
    // It would come before this one, which is the second and so is answered.
    expect(await client.clear('http://www.other.test/', peer.address)).toBe(true);
    vi.advanceTimersByTime(1);
    expect(await cleared).toBe(true);
    expect(peer.taken).toHaveLength(3);
    expect(peer.taken[2]).toEqual(peer.taken[0]);
  });

  test('is given up after a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = await open();
    const peer = await Peer.open(() => undefined);
    const cleared = client.clear(URL, peer.address);
    vi.advanceTimersByTime(1_000);
    expect(await cleared).toBe(false);
  });

  test('is acknowledged by nobody else', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = await open();
    const stranger = createSocket('udp4');
    atTeardown(() => stranger.close());
    const sent = Promise.withResolvers<void>();
    const socket = createSocket('udp4');
    atTeardown(() => socket.close());
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.once('message', (packet, { address, port }) => {
      stranger.send(gone(packet) as Buffer, port, address, () => sent.resolve());
    });
    const cleared = client.clear(URL, { host: '127.0.0.1', port: socket.address().port });
    await sent.promise;
    // What came to the client before this one's answer has been looked at.
    const peer = await Peer.open(gone);
    expect(await client.clear(URL, peer.address)).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(await cleared).toBe(false);
  });

  test('ends with the client, and comes to nothing afterwards', async () => {
    const [client, peer] = [await open(), await Peer.open(() => undefined)];
    const cleared = client.clear(URL, peer.address);
    await client.close();
    expect(await cleared).toBe(false);
    expect(await client.clear(URL, peer.address)).toBe(false);
  });

  test('whose URL fits into no packet is none', async () => {
    const [client, peer] = [await open(), await Peer.open(gone)];
    expect(await client.clear(`${URL}${'x'.repeat(70_000)}`, peer.address)).toBe(false);
  });
});

test('two nodes that pass each purge on, but not to where it came from: each purges once', async () => {
  const nodes = [await Node.open(0), await Node.open(1)] as const;
  const [a, b] = nodes;
  a.knows(b);
  b.knows(a);
  expect(await a.purge(URL)).toEqual([true]);
  expect(await b.purge(`${URL}?2`)).toEqual([true]);
  for (const { purged } of nodes) expect(purged).toEqual([URL, `${URL}?2`]);
  for (const { server } of nodes) expect(server.counts).toMatchObject({ purged: 1, repeated: 0 });
});

/** A node as far as purges go. */
class Node {
  readonly server: HtcpServer;
  readonly purged: string[] = [];
  readonly #client: HtcpClient;
  #address: HostPort = { host: '', port: 0 };
  #peer: HostPort | undefined;

  static async open(number: number): Promise<Node> {
    const host = `127.0.0.${11 + number}`;
    const node = new Node(await open(host));
    node.#address = await node.server.listen({ host, port: 0 });
    return node;
  }

  private constructor(client: HtcpClient) {
    this.#client = client;
    this.server = new HtcpServer({
      plan: siblingPlan({ clearFrom: ['127.0.0.0/8'] }),
      inquiry: { ask: () => undefined },
      purge: (url, from) => {
        void this.purge(url, from);
        return true;
      },
      isPortico: () => false,
      log: recordedLog().log,
      now: () => 0,
      monotonic: () => 0,
    });
    atTeardown(() => this.server.close());
  }

  knows(other: Node): void {
    this.#peer = other.#address;
    const peers = [peerPlan({ slot: 7, icp: other.#address, htcp: other.#address })];
    this.server.update(siblingPlan({ clearFrom: ['127.0.0.0/8'], peers }));
  }

  purge(url: string, from?: ClearSource): Promise<boolean[]> {
    this.purged.push(url);
    const isFromPeer = from?.slot === 7;
    return Promise.all(isFromPeer || !this.#peer ? [] : [this.#client.clear(url, this.#peer)]);
  }
}
