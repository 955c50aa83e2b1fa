import { connect, type Socket } from 'node:net';
import { formatHostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { HotKey } from '../../cache/hottest.ts';
import type { PurgeOrder } from '../../cache/purge/order.ts';
import type { PeerPlan } from '../plan.ts';
import { Channel, type ChannelOwner, type Ended } from './channel.ts';
import type { Self } from './incoming.ts';
import type { Positions } from './positions.ts';
import { isProved, newNonce, proofOf } from './proof.ts';
import { type Hello, type Message, PROTOCOL } from './protocol.ts';
import type { Position } from './purge-log.ts';

export interface OutgoingParts {
  readonly self: Self;
  /** Our address: connections leave from there. */
  readonly localAddress: string;
  readonly positions: Positions;
  /** Purges here. When it returns, no thread serves any more what this is for. Returns why it holds until the next start only. */
  readonly apply: (orders: readonly PurgeOrder[], soft: boolean) => Error | undefined;
}

/** What a peer is asked for most, as it tells it. */
export interface ToldKeys {
  /** Some of them; none: that was all. Rejects when the link is lost. */
  next(): Promise<readonly HotKey[]>;
}

export interface OutgoingOwner {
  /** It is a Portico node, and what it purged has been purged here. */
  up(outgoing: Outgoing): void;
  down(outgoing: Outgoing): void;
  /** The first attempt has come out, one way or the other. */
  tried(outgoing: Outgoing): void;
}

/**
 * How the last attempt came out, one event in the log for each change. `down`: a Portico node that cannot be reached.
 * `stranger`: it never was one. `refused`: one of the two does not believe the other.
 */
export type LinkStanding = 'up' | 'down' | 'stranger' | 'refused';

/** The connection to a peer: made again and again, while there is nobody. What the peer purges is purged here. */
export class Outgoing implements ChannelOwner {
  readonly peer: PeerPlan;
  /** ADDRESS:PORT, by which it is remembered. */
  readonly address: string;
  readonly #parts: OutgoingParts;
  readonly #owner: OutgoingOwner;
  readonly #begun: Ms = performance.now();
  #socket: Socket | undefined;
  #channel: Channel | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #delay: Ms;
  #attemptAt: Ms = Number.NEGATIVE_INFINITY;
  #ours: Hello | undefined;
  #theirs: Hello | undefined;
  #position: Position | undefined;
  #noted: Position | undefined;
  /** Up to where it has to be applied until it is caught up with; and the last that it is known to have. */
  #target: number | undefined;
  #head = 0;
  #upSince: Ms | undefined;
  #standing: LinkStanding | undefined;
  #why: string | undefined;
  #keys: PromiseWithResolvers<Extract<Message, { type: 'keys' }>> | undefined;
  #isClosed = false;

  constructor(peer: PeerPlan, parts: OutgoingParts, owner: OutgoingOwner) {
    this.peer = peer;
    this.address = formatHostPort(peer.icp.host, peer.icp.port);
    this.#parts = parts;
    this.#owner = owner;
    this.#delay = parts.self.timing.retryFirst;
    this.#position = parts.positions.of(this.address);
  }

  /** `undefined`: the first attempt has not come out yet. */
  get standing(): LinkStanding | undefined {
    return this.#standing;
  }

  /** Why it is not up. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Since when it is up, in epoch milliseconds; `undefined`: it is not. */
  get upSince(): Ms | undefined {
    return this.#upSince;
  }

  /** What it said of itself the last time. */
  get said(): Hello | undefined {
    return this.#theirs;
  }

  /** How far its log has been applied here; `undefined`: it was never heard of. */
  get applied(): number | undefined {
    return this.#position?.number;
  }

  /** The number of its last purge, as far as is known. */
  get head(): number {
    return Math.max(this.#head, this.#position?.number ?? 0);
  }

  /** Tries at once, unless it does already or is connected. */
  connect(): void {
    if (this.#isClosed || this.#socket !== undefined) return;
    clearTimeout(this.#retry);
    this.#attemptAt = performance.now();
    const { host, port } = this.peer.icp;
    const { localAddress, self } = this.#parts;
    const socket = connect({ host, port, localAddress });
    this.#socket = socket;
    const failed = (why: string) => this.#failed({ kind: 'broken', why });
    const refused = (error: NodeJS.ErrnoException) => failed(error.code ?? error.message);
    this.#deadline = setTimeout(() => failed('no connection in time'), self.timing.connect).unref();
    socket.once('error', refused);
    socket.once('connect', () => {
      clearTimeout(this.#deadline);
      this.#channel = new Channel(socket, self.timing, this);
      socket.off('error', refused);
      this.#greet();
    });
  }

  /** Something was heard from its address. */
  nudge(): void {
    const { timing } = this.#parts.self;
    const isOurs = this.#isKnown && (this.#standing === 'up' || this.#standing === 'down');
    const least = isOurs ? timing.nudge : timing.retryStrange;
    if (performance.now() - this.#attemptAt >= least) this.connect();
  }

  hottest(count: number): ToldKeys {
    let question: object | undefined = { type: 'hottest', count };
    let more = true;
    return {
      next: async () => {
        if (!more) return [];
        const said = await this.#ask(question ?? { type: 'more' });
        question = undefined;
        more = said.more;
        return said.keys;
      },
    };
  }

  close(why: string): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    if (this.#channel !== undefined) this.#channel.close(why);
    else this.#failed({ kind: 'broken', why });
  }

  message(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message);
        break;
      case 'begin':
        this.#begin(message);
        break;
      case 'purge':
        this.#purge(message);
        break;
      case 'beat':
        if (message.head !== undefined) this.#head = message.head;
        break;
      case 'keys':
        this.#keys?.resolve(message);
        this.#keys = undefined;
        break;
      default:
        this.#strange(message);
    }
  }

  /** What has come is applied; now it is noted, once for all of it, and acknowledged. */
  rested(): void {
    const position = this.#position;
    if (position === undefined || this.#target === undefined) return;
    if (position !== this.#noted) {
      this.#parts.positions.note(this.address, position);
      this.#noted = position;
      this.#channel?.say({ type: 'applied', number: position.number });
    }
    if (this.#upSince !== undefined || position.number < this.#target) return;
    const { self } = this.#parts;
    this.#upSince = self.now();
    this.#delay = self.timing.retryFirst;
    this.#stand('up');
    this.#owner.up(this);
    this.#owner.tried(this);
  }

  drained(): void {}

  beat(): Message {
    return { type: 'beat', head: undefined };
  }

  ended(ended: Ended): void {
    this.#channel = undefined;
    this.#failed(ended);
  }

  get #isKnown(): boolean {
    return this.#position !== undefined || this.#parts.self.purges.knows(this.address);
  }

  #greet(): void {
    const { node, icp, purges } = this.#parts.self;
    const { instance } = purges;
    const ours = { type: 'hello', protocol: PROTOCOL, node, icp, instance, nonce: newNonce() } as const;
    this.#ours = { ...ours, proof: undefined };
    this.#channel?.say(ours);
  }

  #hello(theirs: Hello): void {
    const ours = this.#ours;
    if (ours === undefined) {
      this.#strange(theirs);
      return;
    }
    const { secret, purges } = this.#parts.self;
    const refuse = (why: string) => this.#channel?.close(why, 'refused');
    if (theirs.protocol !== PROTOCOL) refuse(`it speaks version ${theirs.protocol} of the protocol`);
    else if (theirs.instance === purges.instance) refuse('it has the state_dir of this node');
    else if (!isProved(secret, theirs.proof, 'listens', ours, theirs)) refuse('it does not know the secret');
    else {
      this.#theirs = theirs;
      this.#ours = undefined;
      this.#channel?.greeted();
      purges.know(this.address);
      const proof = secret === undefined ? undefined : proofOf(secret, 'connects', ours, theirs);
      const since = this.#position ?? { ago: performance.now() - this.#begun };
      this.#channel?.say({ type: 'subscribe', proof, ...since });
    }
  }

  #begin(message: Extract<Message, { type: 'begin' }>): void {
    if (this.#theirs === undefined || this.#ours !== undefined) {
      this.#strange(message);
      return;
    }
    const { number, check, head, missed } = message;
    if (missed !== undefined) {
      this.#apply([{ kind: 'all' }], false);
      const { log } = this.#parts.self;
      log.warn('purges of a sibling were missed, so everything is purged', { peer: this.peer.name, why: missed });
    }
    this.#position = { instance: this.#theirs.instance, number, check };
    this.#noted = undefined;
    this.#target ??= head;
    this.#head = head;
  }

  #purge(message: Extract<Message, { type: 'purge' }>): void {
    const position = this.#position;
    if (position === undefined || this.#target === undefined || message.number !== position.number + 1) {
      this.#strange(message);
      return;
    }
    const { number, check, soft, orders } = message;
    this.#apply(orders, soft);
    this.#position = { instance: position.instance, number, check };
  }

  /** Throws when it cannot: then the connection ends, and it is tried again with the next. */
  #apply(orders: readonly PurgeOrder[], soft: boolean): void {
    const problem = this.#parts.apply(orders, soft);
    if (problem !== undefined) this.#parts.positions.freeze();
  }

  #strange({ type }: Message): void {
    this.#channel?.close(`it said ${type} out of turn`, 'strange');
  }

  #failed({ kind, why }: Ended): void {
    const { self } = this.#parts;
    clearTimeout(this.#deadline);
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#ours = undefined;
    this.#target = undefined;
    // What was applied and not noted is told once more.
    this.#position = this.#parts.positions.of(this.address);
    this.#noted = undefined;
    this.#keys?.reject(new Error(why));
    this.#keys = undefined;
    const wasUp = this.#upSince !== undefined;
    this.#upSince = undefined;
    if (wasUp) this.#owner.down(this);
    this.#owner.tried(this);
    if (this.#isClosed) return;
    const standing = kind === 'refused' ? kind : kind === 'broken' && this.#isKnown ? 'down' : 'stranger';
    this.#stand(standing, why);
    const most = standing === 'down' ? self.timing.retryMost : self.timing.retryStrange;
    const delay = kind === 'broken' ? Math.min(this.#delay, most) : most;
    this.#delay = Math.min(2 * delay, most);
    // Two that lost each other do not meet at the same moments for ever.
    this.#retry = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2)).unref();
  }

  #stand(standing: LinkStanding, why?: string): void {
    this.#why = why;
    if (standing === this.#standing) return;
    this.#standing = standing;
    const { log } = this.#parts.self;
    const peer = this.peer.name;
    if (standing === 'up') log.info('link to sibling is up', { peer, node: this.#theirs?.node });
    else if (standing === 'down') log.warn('link to sibling is down', { peer, why });
    else if (standing === 'refused') log.warn('sibling is not believed to be a Portico node of ours', { peer, why });
    else log.info('sibling is not found to be a Portico node', { peer, why });
  }

  #ask(question: object): Promise<Extract<Message, { type: 'keys' }>> {
    if (this.#upSince === undefined || this.#keys !== undefined) return Promise.reject(new Error('not linked'));
    this.#keys = Promise.withResolvers();
    this.#channel?.say(question);
    return this.#keys.promise;
  }
}
