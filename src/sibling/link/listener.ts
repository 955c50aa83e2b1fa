import { createServer, type Server, type Socket } from 'node:net';
import { formatHostPort, type HostPort, normalizeAddress } from '../../base/address.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { PeerPlan } from '../plan.ts';
import type { Ended } from './channel.ts';
import { type HotKeys, Incoming, type IncomingOwner, type Self } from './incoming.ts';
import type { Hello } from './protocol.ts';

export interface ListenerOwner {
  /** It is told from now on what is purged here, and has applied what was up to this number. */
  subscribed(peer: PeerPlan, applied: number): void;
  applied(peer: PeerPlan, number: number): void;
  hottest(count: number): HotKeys | undefined;
}

/** Connections from one address that have not said yet who they are. */
const GREETING_MOST = 8;

/** Where peers connect to: from their addresses alone, and each of them once. */
export class Listener implements IncomingOwner {
  readonly #owner: ListenerOwner;
  readonly #log: EventLog;
  /** The addresses that they come from. */
  readonly #connected = new Map<Incoming, string>();
  readonly #subscribed = new Map<number, Incoming>();
  /** Peers whose connections were refused, so that it is told once. */
  readonly #refused = new Set<string>();
  #server: Server | undefined;
  #self: Self | undefined;
  #peers: readonly PeerPlan[] = [];

  constructor(owner: ListenerOwner, log: EventLog) {
    this.#owner = owner;
    this.#log = log;
  }

  /** Listens here, and no more where it did. Rejects, and goes on as before, when it cannot. Nobody is let in yet. */
  async listen(address: HostPort): Promise<void> {
    this.moveTo(await this.reserve(address));
  }

  /** Takes this address beside where it listens; nobody is let in there before it moves. Rejects when it cannot. */
  async reserve(address: HostPort): Promise<Server> {
    const server = await listening(address, (socket) => {
      if (server === this.#server) this.#accept(socket);
      else socket.destroy();
    });
    // A connection that could not be accepted is made again.
    server.on('error', (error) => this.#log.warn('link cannot accept a connection', { error }));
    return server;
  }

  /** Listens at what it has reserved, and no more where it did. */
  moveTo(reserved: Server): void {
    this.#server?.close();
    this.#server = reserved;
  }

  /** Where it listens; `undefined`: nowhere. */
  get address(): HostPort | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? { host: address.address, port: address.port } : undefined;
  }

  /** Those that are told what is purged here, by slot. */
  get subscribers(): ReadonlyMap<number, Incoming> {
    return this.#subscribed;
  }

  /** Who is let in from now on. Whoever is there and was let in as somebody else has to come again. */
  admit(peers: readonly PeerPlan[], self: Self): void {
    const isChanged = self.secret !== this.#self?.secret || self.icp !== this.#self?.icp;
    this.#peers = peers;
    this.#self = self;
    this.#refused.clear();
    for (const incoming of this.#connected.keys()) {
      const { peer } = incoming;
      const stays = !isChanged && peer !== undefined && peers.some((each) => isSamePeer(each, peer));
      if (!stays) incoming.close('the configuration has changed');
    }
  }

  async close(): Promise<void> {
    this.#peers = [];
    for (const incoming of this.#connected.keys()) incoming.close('this node stops');
    const server = this.#server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  peerOf(incoming: Incoming, { icp }: Hello): PeerPlan | undefined {
    const address = this.#connected.get(incoming);
    const peers = this.#peers.filter((peer) => normalizeAddress(peer.icp.host) === address);
    return peers.length === 1 ? peers[0] : peers.find((peer) => formatHostPort(peer.icp.host, peer.icp.port) === icp);
  }

  subscribed(incoming: Incoming, peer: PeerPlan): void {
    this.#refused.delete(peer.name);
    const before = this.#subscribed.get(peer.slot);
    this.#subscribed.set(peer.slot, incoming);
    before?.close('it has connected once more');
    this.#owner.subscribed(peer, incoming.applied);
  }

  applied(peer: PeerPlan, number: number): void {
    this.#owner.applied(peer, number);
  }

  hottest(count: number): HotKeys | undefined {
    return this.#owner.hottest(count);
  }

  left(incoming: Incoming, { kind, why }: Ended): void {
    this.#connected.delete(incoming);
    const { peer } = incoming;
    if (peer === undefined) return;
    if (this.#subscribed.get(peer.slot) === incoming) this.#subscribed.delete(peer.slot);
    if (kind !== 'refused' || this.#refused.has(peer.name)) return;
    this.#refused.add(peer.name);
    this.#log.warn('link from sibling is refused', { peer: peer.name, why });
  }

  /** Of others than peers nothing is read. */
  #accept(socket: Socket): void {
    const address = normalizeAddress(socket.remoteAddress ?? '') ?? '';
    const isPeer = this.#peers.some(({ icp }) => normalizeAddress(icp.host) === address);
    let greeting = 0;
    for (const [{ since }, from] of this.#connected) if (from === address && since === undefined) greeting += 1;
    if (!isPeer || greeting >= GREETING_MOST || this.#self === undefined) socket.destroy();
    else this.#connected.set(new Incoming(socket, this.#self, this), address);
  }
}

/** Whether what is connected by the one may stay connected by the other. */
export function isSamePeer(a: PeerPlan, b: PeerPlan): boolean {
  return a.slot === b.slot && a.name === b.name && a.icp.host === b.icp.host && a.icp.port === b.icp.port;
}

function listening({ host, port }: HostPort, accept: (socket: Socket) => void): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer(accept);
  server.once('error', (error: NodeJS.ErrnoException) => {
    const reason = error.code ?? error.message;
    reject(new Error(`cannot listen on ${formatHostPort(host, port)} (TCP): ${reason}`, { cause: error }));
  });
  server.listen({ host, port, exclusive: true }, () => {
    server.removeAllListeners('error');
    resolve(server);
  });
  return promise;
}
