import type { Server } from 'node:net';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { PurgeOrder } from '../../cache/purge/order.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { PeerPlan } from '../plan.ts';
import type { HotKeys, Self } from './incoming.ts';
import { isSamePeer, Listener, type ListenerOwner } from './listener.ts';
import { Outgoing, type OutgoingOwner, type ToldKeys } from './outgoing.ts';
import { Positions } from './positions.ts';
import { PurgeLog } from './purge-log.ts';
import { Acknowledgements, type Outcome, type Receipt } from './receipts.ts';
import { type LinkStatus, statusOf } from './status.ts';
import { LINK_TIMING, type LinkTiming } from './timing.ts';

/** Of a `SiblingPlan`, what the link goes by. */
export interface LinkPlan {
  /** Where we listen, and from whose address we connect. */
  readonly icp: HostPort;
  readonly secret: string | undefined;
  readonly peers: readonly PeerPlan[];
}

export interface LinkOptions {
  /** `node.name`. */
  readonly node: string;
  readonly stateDir: string;
  /** Of the disk tier. `undefined`: there is none, and nothing that is stored outlives the process. */
  readonly diskDirectory: string | undefined;
  readonly plan: LinkPlan;
  /**
   * Purges here. When it returns, no thread serves any more what this is for. Returns why it holds until the next start only,
   * if that is so; throws when it cannot.
   */
  readonly apply: (orders: readonly PurgeOrder[], soft: boolean) => Error | undefined;
  /** What was stored before the start may have been purged elsewhere; and all that was has been purged here as well. */
  readonly suspect: () => void;
  readonly trust: () => void;
  /** The peer of that slot is a Portico node, and there is nothing that it purged and we have not; or that is over. */
  readonly onPortico: (slot: number, isPortico: boolean) => void;
  /** Most asked for here. `undefined`: nobody is told. */
  readonly hottest?: (count: number) => HotKeys;
  readonly log: EventLog;
  readonly now: () => Ms;
  readonly timing?: Partial<LinkTiming>;
}

/**
 * The link between Portico nodes; what they say is drawn in `protocol.ts`. What is purged here is told to all peers, and
 * what they purge is purged here: at once where they are linked, and else before they are linked again. For the main
 * thread; all of its work is small, and driven by sockets and timers.
 *
 * With a disk tier, a node that starts has objects that may have been purged elsewhere while it was away. Until it has
 * caught up with each peer that ever was a Portico node, these are suspect: see `BanBoard`. It has never heard of others,
 * nor they of what it stored. Without a disk tier it starts with nothing, and asks each peer for what that has purged since
 * then, whenever it finds it.
 */
export class Link implements ListenerOwner, OutgoingOwner {
  readonly #options: LinkOptions;
  readonly #timing: LinkTiming;
  readonly #purges: PurgeLog;
  readonly #positions: Positions;
  readonly #acknowledgements = new Acknowledgements();
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #listener: Listener;
  /** ADDRESS:PORT of those that are to be caught up with before what was stored is trusted. */
  readonly #awaited = new Set<string>();
  /** Slots whose first attempt has not come out yet, and who waits for that. */
  readonly #untried = new Set<number>();
  readonly #allTried = Promise.withResolvers<void>();
  readonly #waitingForUp = new Set<() => void>();
  /** The last of our purges that each peer has applied, by its ADDRESS:PORT, also while it is away. */
  readonly #appliedThere = new Map<string, number>();
  #plan: LinkPlan;
  #isSuspicious = false;

  /** Listens, and begins to connect. Rejects when it cannot listen. */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    try {
      await link.#listener.listen(options.plan.icp);
    } catch (error) {
      await link.close();
      throw error;
    }
    link.#plan = { ...options.plan, icp: link.address };
    link.#start();
    return link;
  }

  private constructor(options: LinkOptions) {
    const { stateDir, diskDirectory, log, now, plan, timing } = options;
    this.#options = options;
    this.#plan = plan;
    this.#timing = { ...LINK_TIMING, ...timing };
    this.#purges = new PurgeLog({ directory: stateDir, log, now });
    this.#positions = new Positions(diskDirectory, log);
    this.#listener = new Listener(this, log);
  }

  /** Where it listens. */
  get address(): HostPort {
    return this.#listener.address ?? this.#plan.icp;
  }

  /** Of this node's purge log. */
  get instance(): string {
    return this.#purges.instance;
  }

  /**
   * Until all peers have been caught up with, or turned out not to be there, or the time is over. Resolves with whether
   * what was stored before the start is trusted.
   */
  async catchUp(within: Ms = 500): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, within);
    await Promise.race([promise, this.#allTried.promise]);
    clearTimeout(timer);
    if (this.#awaited.size === 0) return true;
    this.#isSuspicious = true;
    const siblings = [...this.#awaited];
    this.#options.log.warn('what is on disk is validated until siblings are caught up with', { siblings });
    return false;
  }

  /**
   * Tells all peers of a purge that was made on this node. Resolves when those that are linked have acknowledged it, or the
   * time for that is over, with what became of it at each of the configured peers.
   */
  async publish(orders: readonly PurgeOrder[], soft: boolean): Promise<readonly Receipt[]> {
    if (orders.length === 0) return [];
    const number = this.#purges.append(orders, soft);
    const { subscribers } = this.#listener;
    for (const incoming of subscribers.values()) incoming.tell();
    const asked = new Set(subscribers.keys());
    await this.#acknowledgements.wait(number, [...asked], this.#timing.acknowledge);
    return this.#plan.peers.map((peer) => {
      const { name, slot } = peer;
      return { peer: name, slot, outcome: this.#outcome(number, slot, asked.has(slot), addressOf(peer)) };
    });
  }

  /** Something was heard from this peer by another way: it is worth an attempt to connect. */
  nudge(slot: number): void {
    this.#outgoing.get(slot)?.nudge();
  }

  /** What a linked peer is asked for most. Resolves with `undefined` when none is linked in time. */
  async hottestOfPeer(
    count: number,
    within: Ms,
  ): Promise<{ readonly peer: PeerPlan; readonly keys: ToldKeys } | undefined> {
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, within).unref();
    const linked = Promise.withResolvers<void>();
    this.#waitingForUp.add(linked.resolve);
    if (this.#anyUp() === undefined) await Promise.race([linked.promise, timer.promise]);
    this.#waitingForUp.delete(linked.resolve);
    clearTimeout(timeout);
    const outgoing = this.#anyUp();
    return outgoing && { peer: outgoing.peer, keys: outgoing.hottest(count) };
  }

  /** How it stands with each peer. */
  status(): readonly LinkStatus[] {
    return this.#plan.peers.map((peer) => {
      const ours = { head: this.#purges.head, applied: this.#appliedThere.get(addressOf(peer)) };
      return statusOf(peer, this.#outgoing.get(peer.slot), this.#listener.subscribers.get(peer.slot), ours);
    });
  }

  /**
   * Takes the address that another generation wants, for its `update`; to be closed if that does not come. Resolves with
   * `undefined` where it listens there already; rejects when it cannot.
   */
  async reserve(icp: HostPort): Promise<Server | undefined> {
    return this.#isAt(icp) ? undefined : this.#listener.reserve(icp);
  }

  /**
   * Another generation's peers. A peer that stays as it was keeps its connections, unless our address or the secret has
   * changed. `reserved`: its address, where that is another one. Without it, rejects and stays as it was when it cannot
   * listen there.
   */
  async update(plan: LinkPlan, reserved?: Server): Promise<void> {
    const before = this.#plan;
    const isMoved = !this.#isAt(plan.icp);
    if (reserved !== undefined) this.#listener.moveTo(reserved);
    else if (isMoved) await this.#listener.listen(plan.icp);
    const changed = isMoved || plan.secret !== before.secret;
    this.#plan = { ...plan, icp: this.address };
    for (const [slot, outgoing] of this.#outgoing) {
      if (!changed && plan.peers.some((peer) => isSamePeer(peer, outgoing.peer))) continue;
      this.#outgoing.delete(slot);
      outgoing.close('the configuration has changed');
    }
    this.#connectAll();
    const addresses = new Set(plan.peers.map(addressOf));
    for (const address of this.#awaited) if (!addresses.has(address)) this.#caughtUp(address);
    for (const address of this.#appliedThere.keys()) if (!addresses.has(address)) this.#appliedThere.delete(address);
  }

  async close(): Promise<void> {
    for (const outgoing of this.#outgoing.values()) outgoing.close('this node stops');
    this.#acknowledgements.close();
    for (const resolve of this.#waitingForUp) resolve();
    await this.#listener.close();
    this.#positions.close();
    this.#purges.close();
  }

  // Of connections that we made

  up(outgoing: Outgoing): void {
    this.#caughtUp(outgoing.address);
    this.#options.onPortico(outgoing.peer.slot, true);
    for (const resolve of this.#waitingForUp) resolve();
  }

  down(outgoing: Outgoing): void {
    this.#options.onPortico(outgoing.peer.slot, false);
  }

  tried({ peer }: Outgoing): void {
    this.#untried.delete(peer.slot);
    if (this.#untried.size === 0) this.#allTried.resolve();
  }

  // Of connections that peers made

  subscribed(peer: PeerPlan, applied: number): void {
    this.#purges.know(addressOf(peer));
    this.applied(peer, applied);
    this.#outgoing.get(peer.slot)?.connect();
  }

  applied(peer: PeerPlan, number: number): void {
    this.#appliedThere.set(addressOf(peer), number);
    this.#acknowledgements.acknowledged(peer.slot, number);
  }

  hottest(count: number): HotKeys | undefined {
    return this.#options.hottest?.(count);
  }

  // What serves that

  #start(): void {
    const { apply, log } = this.#options;
    if (this.#positions.isLost) {
      log.error('it is not known any more what siblings purged, so everything is purged');
      apply([{ kind: 'all' }], false);
    }
    this.#connectAll();
    for (const { address, applied } of this.#outgoing.values()) if (applied !== undefined) this.#awaited.add(address);
    if (this.#awaited.size > 0) this.#options.suspect();
    if (this.#untried.size === 0) this.#allTried.resolve();
  }

  #connectAll(): void {
    this.#listener.admit(this.#plan.peers, this.#self());
    for (const peer of this.#plan.peers) {
      if (this.#outgoing.has(peer.slot)) continue;
      const { apply } = this.#options;
      const parts = { self: this.#self(), localAddress: this.#plan.icp.host, positions: this.#positions, apply };
      const outgoing = new Outgoing(peer, parts, this);
      this.#outgoing.set(peer.slot, outgoing);
      this.#untried.add(peer.slot);
      outgoing.connect();
    }
  }

  #isAt({ host, port }: HostPort): boolean {
    return host === this.#plan.icp.host && port === this.#plan.icp.port;
  }

  #self(): Self {
    const { node, log, now } = this.#options;
    const { icp, secret } = this.#plan;
    const address = formatHostPort(icp.host, icp.port);
    return { node, icp: address, secret, purges: this.#purges, timing: this.#timing, log, now };
  }

  #caughtUp(address: string): void {
    if (!this.#awaited.delete(address) || this.#awaited.size > 0) return;
    this.#options.trust();
    if (this.#isSuspicious) this.#options.log.info('siblings are caught up with, what is on disk is trusted');
    this.#isSuspicious = false;
  }

  #anyUp(): Outgoing | undefined {
    return [...this.#outgoing.values()].find(({ upSince }) => upSince !== undefined);
  }

  #outcome(number: number, slot: number, wasAsked: boolean, address: string): Outcome {
    const incoming = this.#listener.subscribers.get(slot);
    if (incoming !== undefined && incoming.applied >= number) return 'acknowledged';
    if (wasAsked) return 'not-acknowledged';
    return this.#purges.knows(address) ? 'not-reached' : 'unknown';
  }
}

function addressOf({ icp }: PeerPlan): string {
  return formatHostPort(icp.host, icp.port);
}
