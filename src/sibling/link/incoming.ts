import type { Socket } from 'node:net';
import type { Ms } from '../../base/units.ts';
import type { HotKey } from '../../cache/hottest.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { PeerPlan } from '../plan.ts';
import { Channel, type ChannelOwner, type Ended } from './channel.ts';
import { encodeOrders } from './orders.ts';
import { isProved, newNonce, proofOf } from './proof.ts';
import { type Hello, isKey, KEYS_MAX, type Message, PROTOCOL } from './protocol.ts';
import type { PurgeLog, Since } from './purge-log.ts';
import type { LinkTiming } from './timing.ts';

/** The keys that are most asked for, some at a time: `HottestKeys`. */
export interface HotKeys {
  /** At most so many; none: that was all. */
  next(most: number): Promise<readonly HotKey[]>;
}

/** What this node is, for both directions. */
export interface Self {
  readonly node: string;
  /** ADDRESS:PORT where it listens. */
  readonly icp: string;
  readonly secret: string | undefined;
  readonly purges: PurgeLog;
  readonly timing: LinkTiming;
  readonly log: EventLog;
  readonly now: () => Ms;
}

export interface IncomingOwner {
  /** The peer that says this of itself, and has this connection's address. */
  peerOf(incoming: Incoming, hello: Hello): PeerPlan | undefined;
  subscribed(incoming: Incoming, peer: PeerPlan): void;
  /** No thread of it serves what was purged up to this number. */
  applied(peer: PeerPlan, number: number): void;
  hottest(count: number): HotKeys | undefined;
  left(incoming: Incoming, ended: Ended): void;
}

/** Who could ask for a key of more than this could not ask for it by ICP either. */
const HOTTEST_MAX = 1_000_000;

/** A connection that a peer has made: it is told what was purged here, and says how far it has applied that. */
export class Incoming implements ChannelOwner {
  readonly #self: Self;
  readonly #owner: IncomingOwner;
  readonly #channel: Channel;
  #theirs: Hello | undefined;
  #ours: Hello | undefined;
  #peer: PeerPlan | undefined;
  /** The last that it was told of, and that it has applied. */
  #told: number | undefined;
  #applied = 0;
  #since: Ms | undefined;
  #keys: HotKeys | undefined;
  #telling = false;

  constructor(socket: Socket, self: Self, owner: IncomingOwner) {
    this.#self = self;
    this.#owner = owner;
    this.#channel = new Channel(socket, self.timing, this);
  }

  /** From whom it is, as far as it has said so. */
  get peer(): PeerPlan | undefined {
    return this.#peer;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Epoch milliseconds from which on it was told of purges; `undefined`: it has not said who it is. */
  get since(): Ms | undefined {
    return this.#since;
  }

  /** Tells it what it was not told yet, as fast as it takes it. */
  tell(): void {
    const { purges } = this.#self;
    while (this.#told !== undefined && !this.#channel.isClogged) {
      const purge = purges.after(this.#told);
      if (purge === undefined) return;
      if (purge === 'folded') {
        this.#begin({ instance: purges.instance, number: this.#told, check: 0 });
        continue;
      }
      const { number, check, soft, orders } = purge;
      this.#channel.say({ type: 'purge', number, check, soft, orders: encodeOrders(orders) });
      this.#told = number;
    }
  }

  close(why: string): void {
    this.#channel.close(why);
  }

  message(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message);
        break;
      case 'subscribe':
        this.#subscribe(message.proof, message.since);
        break;
      case 'applied':
        this.#acknowledged(message);
        break;
      case 'hottest':
        if (this.#told === undefined) this.#strange(message);
        else this.#keys = this.#owner.hottest(Math.min(message.count, HOTTEST_MAX));
        void this.#tellKeys();
        break;
      case 'more':
        void this.#tellKeys();
        break;
      case 'beat':
        if (this.#told === undefined) this.#strange(message);
        break;
      default:
        this.#strange(message);
    }
  }

  rested(): void {}

  drained(): void {
    this.tell();
  }

  beat(): Message {
    return { type: 'beat', head: this.#self.purges.head };
  }

  ended(ended: Ended): void {
    this.#told = undefined;
    this.#keys = undefined;
    this.#owner.left(this, ended);
  }

  #hello(theirs: Hello): void {
    if (this.#theirs !== undefined) {
      this.#strange(theirs);
      return;
    }
    const { node, icp, secret, purges } = this.#self;
    this.#peer = this.#owner.peerOf(this, theirs);
    if (this.#peer === undefined) this.#refuse('no peer has this address');
    else if (theirs.protocol !== PROTOCOL) this.#refuse(`it speaks version ${theirs.protocol} of the protocol`);
    else if (theirs.instance === purges.instance) this.#refuse('it has the state_dir of this node');
    else {
      const { instance } = purges;
      const ours = { type: 'hello', protocol: PROTOCOL, node, icp, instance, nonce: newNonce() } as const;
      this.#theirs = theirs;
      this.#ours = { ...ours, proof: undefined };
      const proof = secret === undefined ? undefined : proofOf(secret, 'listens', theirs, this.#ours);
      this.#channel.say({ ...ours, proof });
    }
  }

  #subscribe(proof: string | undefined, since: Since): void {
    const [theirs, ours, peer] = [this.#theirs, this.#ours, this.#peer];
    if (theirs === undefined || ours === undefined || peer === undefined || this.#told !== undefined) {
      this.#channel.close('it subscribed out of turn', 'strange');
      return;
    }
    if (!isProved(this.#self.secret, proof, 'connects', theirs, ours)) {
      this.#refuse('it does not know the secret');
      return;
    }
    this.#channel.greeted();
    this.#since = this.#self.now();
    this.#begin(since);
    this.#owner.subscribed(this, peer);
    this.tell();
  }

  #begin(since: Since): void {
    const { position, missed } = this.#self.purges.resume(since);
    const { number, check } = position;
    this.#channel.say({ type: 'begin', number, check, head: this.#self.purges.head, missed });
    this.#told = number;
    // What it need not be told it has; what it missed it has not before it says so.
    if (missed === undefined) this.#applied = number;
  }

  #acknowledged(message: Extract<Message, { type: 'applied' }>): void {
    if (this.#told === undefined || this.#peer === undefined || message.number > this.#told) {
      this.#strange(message);
      return;
    }
    this.#applied = Math.max(this.#applied, message.number);
    this.#owner.applied(this.#peer, this.#applied);
  }

  async #tellKeys(): Promise<void> {
    if (this.#telling || this.#told === undefined) return;
    this.#telling = true;
    const keys = (await this.#keys?.next(KEYS_MAX).catch(() => [])) ?? [];
    this.#telling = false;
    if (this.#told === undefined) return;
    this.#channel.say({ type: 'keys', keys: keys.filter(isKey), more: keys.length > 0 });
  }

  #strange({ type }: Message): void {
    this.#channel.close(`it said ${type} out of turn`, 'strange');
  }

  #refuse(why: string): void {
    this.#channel.close(why, 'refused');
  }
}
