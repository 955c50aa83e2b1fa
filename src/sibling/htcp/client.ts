import { randomInt } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { type HostPort, normalizeAddress } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { UdpService } from '../udp-service.ts';
import { CLR_RESPONSES, decode, encodeClear, OPCODES } from './message.ts';

/** From the first packet on. */
const TIMEOUT: Ms = 1_000;
/** One packet may be lost. */
const RESEND_AFTER: Ms = 500;
/** Purges on their way; what is more than that is not sent. Each has a packet of the URL's length. */
const PENDING_MAX = 10_000;

interface Clear {
  readonly peer: HostPort;
  readonly timers: readonly NodeJS.Timeout[];
  readonly settle: (isAcknowledged: boolean) => void;
}

/** Sends purges to peers that know no better way to hear of them, from one socket with a port of its own. */
export class HtcpClient {
  readonly #log: EventLog;
  readonly #pending = new Map<number, Clear>();
  #service: UdpService | undefined;
  #transaction = randomInt(2 ** 32);

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** `host`: the address that it sends from, which peers know us by. Rejects with an `Error` that says what is in the way. */
  async open(host: string): Promise<void> {
    const packet = (bytes: Buffer, from: RemoteInfo) => this.#take(bytes, from);
    const trouble = (error: Error) => this.#log.debug('a purge by HTCP could not be sent', { error });
    this.#service = await UdpService.open({ host, port: 0 }, { packet, trouble });
  }

  /** Resolves with whether the peer says that it has purged the URL, or has not had it. Never rejects. */
  clear(url: string, peer: HostPort): Promise<boolean> {
    const service = this.#service;
    const transaction = this.#nextTransaction();
    const packet = transaction === undefined ? undefined : encodeClear(transaction, url);
    if (service === undefined || transaction === undefined || packet === undefined) return Promise.resolve(false);
    return new Promise((settle) => {
      const timers = [
        setTimeout(() => service.send(packet, peer), RESEND_AFTER),
        setTimeout(() => this.#settle(transaction, false), TIMEOUT),
      ];
      this.#pending.set(transaction, { peer, timers, settle });
      service.send(packet, peer);
    });
  }

  /** What is under way counts as not acknowledged. */
  async close(): Promise<void> {
    for (const transaction of [...this.#pending.keys()]) this.#settle(transaction, false);
    const service = this.#service;
    this.#service = undefined;
    await service?.close();
  }

  #take(packet: Buffer, { address, port }: RemoteInfo): void {
    const message = decode(packet);
    if (typeof message === 'string' || message.kind !== 'response' || message.opcode !== OPCODES.CLR) return;
    const clear = this.#pending.get(message.transaction);
    if (clear?.peer.port !== port || normalizeAddress(clear.peer.host) !== normalizeAddress(address)) return;
    // With F1, it is about our message, which the peer does not understand.
    this.#settle(message.transaction, !message.f1 && message.response !== CLR_RESPONSES.kept);
  }

  #settle(transaction: number, isAcknowledged: boolean): void {
    const clear = this.#pending.get(transaction);
    if (clear === undefined) return;
    this.#pending.delete(transaction);
    for (const timer of clear.timers) clearTimeout(timer);
    clear.settle(isAcknowledged);
  }

  /** `undefined`: too many are under way. */
  #nextTransaction(): number | undefined {
    if (this.#pending.size >= PENDING_MAX) return undefined;
    do this.#transaction = (this.#transaction + 1) >>> 0;
    while (this.#pending.has(this.#transaction));
    return this.#transaction;
  }
}
