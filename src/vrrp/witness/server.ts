import { randomBytes } from 'node:crypto';
import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { DatagramSocket } from './datagram-socket.ts';
import { Drops } from './drops.ts';
import { LeaseBook } from './lease-book.ts';
import { decode, encode, type Request, UNREADABLE, type Unreadable } from './message.ts';
import { newRun } from './run.ts';
import { VOTER_OUTCOMES, Voter, type VoterOutcome } from './voter.ts';

/** What becomes of a packet. `unsolicited`: it is no request. `unsent`: the system did not take the reply. */
export type WitnessOutcome = VoterOutcome | Unreadable | 'unsolicited' | 'unsent';

export const WITNESS_OUTCOMES: readonly WitnessOutcome[] = [...VOTER_OUTCOMES, ...UNREADABLE, 'unsolicited', 'unsent'];

export interface WitnessOptions {
  readonly address: HostPort;
  readonly key: Uint8Array;
  /** As nodes call it. */
  readonly name: string;
  readonly log: EventLog;
  /** Of a clock that never goes back. */
  readonly now: () => Ms;
}

/** The vote of a third party, for as many pairs as have its key. Whoever has it not gets no reply. */
export class WitnessServer {
  readonly address: HostPort;
  readonly counts = Object.fromEntries(WITNESS_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    WitnessOutcome,
    number
  >;
  readonly #options: WitnessOptions;
  readonly #socket: DatagramSocket;
  readonly #voter: Voter;
  readonly #drops: Drops<WitnessOutcome>;

  /** Rejects with an `Error` that says what is in the way. */
  static async listen(options: WitnessOptions): Promise<WitnessServer> {
    let server: WitnessServer | undefined;
    const socket = await DatagramSocket.open(options.address, {
      packet(packet, from) {
        if (server !== undefined) server.#take(packet, from);
      },
      unsent(error) {
        if (server !== undefined) server.#drop('unsent', { error });
      },
    });
    server = new WitnessServer(options, socket);
    return server;
  }

  private constructor(options: WitnessOptions, socket: DatagramSocket) {
    const { name, log, now } = options;
    this.#options = options;
    this.#socket = socket;
    this.address = socket.address;
    this.#drops = new Drops(log, 'packets were dropped');
    const book = new LeaseBook({ from: now() });
    this.#voter = new Voter({ name, run: newRun(), book, secret: randomBytes(32) });
  }

  async close(): Promise<void> {
    await this.#socket.close();
  }

  #take(packet: Buffer, from: HostPort): void {
    const { key, now } = this.#options;
    const message = decode(packet, key);
    if (typeof message === 'string') this.#drop(message, { from: from.host });
    else if ('voter' in message) this.#drop('unsolicited', { from: from.host });
    else this.#answer(message, from, now());
  }

  #answer(request: Request, from: HostPort, now: Ms): void {
    const { outcome, reply, isChange } = this.#voter.take(request, now);
    if (outcome === 'replay' || outcome === 'full') this.#drop(outcome, { from: from.host, ...request.subject });
    else this.counts[outcome]++;
    if (reply !== undefined) this.#socket.send(encode(reply, this.#options.key), from);
    if (!isChange) return;
    const event = outcome === 'granted' ? 'vote lent' : 'vote given back';
    this.#options.log.info(event, { ...request.subject, node: request.name, from: from.host });
  }

  #drop(outcome: WitnessOutcome, fields: object): void {
    this.counts[outcome]++;
    this.#drops.add(outcome, fields, this.#options.now());
  }
}
