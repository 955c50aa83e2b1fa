import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { DatagramSocket } from './datagram-socket.ts';
import { Drops } from './drops.ts';
import { GuardedInstance, type GuardedOptions } from './guarded-instance.ts';
import { decode, encode, type Message, nameOf, UNREADABLE, type Unreadable } from './message.ts';
import { newRun } from './run.ts';
import { VOTER_OUTCOMES, type VoterOutcome } from './voter.ts';

/** What becomes of a packet: our answer to it, or `reply`. `unknown`: it is of an instance that is not ours. */
export type GuardOutcome = VoterOutcome | Unreadable | 'reply' | 'unknown' | 'unsent';

export const GUARD_OUTCOMES: readonly GuardOutcome[] = [
  ...VOTER_OUTCOMES,
  ...UNREADABLE,
  ...(['reply', 'unknown', 'unsent'] as const),
];

export interface GuardOptions {
  /** Where peers find us, and from where others are asked. */
  readonly listen: HostPort;
  /** That of peers and witnesses. */
  readonly key: Uint8Array;
  /** Of this node. */
  readonly name: string;
  /** Of this program. */
  readonly version: string;
  readonly log: EventLog;
  /** Of a clock that never goes back. */
  readonly now: () => Ms;
}

/** A node's end of it: the candidates of all its instances on one socket. */
export class Guard {
  readonly address: HostPort;
  readonly counts = Object.fromEntries(GUARD_OUTCOMES.map((outcome) => [outcome, 0])) as Record<GuardOutcome, number>;
  readonly #options: GuardOptions;
  readonly #socket: DatagramSocket;
  readonly #drops: Drops<GuardOutcome>;
  readonly #run = newRun();
  readonly #instances = new Map<string, GuardedInstance>();
  #number = 0n;

  /** Rejects with an `Error` that says what is in the way. */
  static async open(options: GuardOptions): Promise<Guard> {
    let guard: Guard | undefined;
    const socket = await DatagramSocket.open(options.listen, {
      packet(packet, from) {
        if (guard !== undefined) guard.#take(packet, from);
      },
      unsent(error) {
        if (guard !== undefined) guard.#drop('unsent', { error });
      },
    });
    guard = new Guard(options, socket);
    return guard;
  }

  private constructor(options: GuardOptions, socket: DatagramSocket) {
    this.#options = options;
    this.#socket = socket;
    this.address = socket.address;
    this.#drops = new Drops(options.log, 'packets of the witness protocol were dropped');
  }

  /** Throws an `Error` when it is there already, or when a voter has an address of another family. */
  add(options: GuardedOptions): GuardedInstance {
    const { name, version, now } = this.#options;
    const key = nameOf(options.subject);
    if (this.#instances.has(key)) throw new Error(`guarded twice: ${key}`);
    for (const { address } of options.voters) {
      if (isIPv6(address.host) !== isIPv6(this.address.host)) throw new Error(`${address.host} is of another family`);
    }
    const instance = new GuardedInstance(options, {
      ...{ name, version, now },
      run: this.#run,
      secret: randomBytes(32),
      number: () => ++this.#number,
      send: (message, to) => this.#send(message, to),
      removed: () => this.#instances.delete(key),
    });
    this.#instances.set(key, instance);
    return instance;
  }

  async close(): Promise<void> {
    for (const instance of [...this.#instances.values()]) instance.close();
    await this.#socket.close();
  }

  #take(packet: Buffer, from: HostPort): void {
    const message = decode(packet, this.#options.key);
    if (typeof message === 'string') {
      this.#drop(message, { from: from.host });
      return;
    }
    const instance = this.#instances.get(nameOf(message.subject));
    if (instance === undefined) {
      this.#drop('unknown', { from: from.host, ...message.subject });
      return;
    }
    const { outcome, reply } = instance.take(message, from.host);
    if (outcome === 'replay') this.#drop(outcome, { from: from.host, ...message.subject });
    else this.counts[outcome]++;
    if (reply !== undefined) this.#send(reply, from);
  }

  #send(message: Message, to: HostPort): void {
    this.#socket.send(encode(message, this.#options.key), to);
  }

  #drop(outcome: GuardOutcome, fields: object): void {
    this.counts[outcome]++;
    this.#drops.add(outcome, fields, this.#options.now());
  }
}
