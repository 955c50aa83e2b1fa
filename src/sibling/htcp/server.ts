import type { RemoteInfo } from 'node:dgram';
import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { Holding, Inquiry } from '../../cache/inquiry.ts';
import { ageSeconds, currentAge } from '../../cache/semantics/freshness.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { parseAskedUrl } from '../asked-url.ts';
import { Callers } from '../callers.ts';
import type { SiblingPlan } from '../plan.ts';
import { type RateLimit, SourceRate } from '../source-rate.ts';
import { UdpService } from '../udp-service.ts';
import {
  CLR_RESPONSES,
  decode,
  encodeCleared,
  encodeFound,
  encodeMissing,
  type HtcpMessage,
  type Specifier,
  UNREADABLE,
  type Unreadable,
} from './message.ts';
import { Transactions } from './transactions.ts';

/**
 * What becomes of a packet. `repeated`: a CLR that was carried out before; `refused`: one that was not carried out.
 * `denied`: its source is not in the list that it takes. `excess`: more purges than one source may send. `ignored`: it is
 * no request of ours to answer. `unsent`: the system did not take the answer.
 */
export type HtcpOutcome =
  | 'found'
  | 'missing'
  | 'purged'
  | 'repeated'
  | 'refused'
  | 'denied'
  | 'excess'
  | 'ignored'
  | 'unsent'
  | Unreadable;

export const HTCP_OUTCOMES: readonly HtcpOutcome[] = [
  ...(['found', 'missing', 'purged', 'repeated', 'refused', 'denied', 'excess', 'ignored', 'unsent'] as const),
  ...UNREADABLE,
];

/** Who sent a CLR: what is purged by it must not be sent back to there. */
export interface ClearSource {
  readonly address: string;
  readonly port: number;
  /** The row of the peer that has this address; `undefined`: it is none. */
  readonly slot: number | undefined;
}

export interface HtcpServerOptions {
  readonly plan: Pick<SiblingPlan, 'allow' | 'clearFrom' | 'peers'>;
  readonly inquiry: Pick<Inquiry, 'ask'>;
  /** Purges all variants of a URL. `false`: it is no URL that could be purged. What it throws is logged. */
  readonly purge: (url: string, from: ClearSource) => boolean;
  /** Whether that peer has been found to be a Portico node. */
  readonly isPortico: (slot: number) => boolean;
  readonly log: EventLog;
  /** Epoch milliseconds. */
  readonly now: () => Ms;
  /** Of a clock that never goes back. */
  readonly monotonic: () => Ms;
}

type Request = Extract<HtcpMessage, { readonly specifier: Specifier }>;

/** As Squid: less than for ICP, since the answer tells how fresh it is. */
const FRESH_FOR: Ms = 10_000;

/** Two nodes of other makes that send each purge back reach thousands a second. */
const CLEARS: RateLimit = { perSecond: 100, burst: 1_000 };

/** How often the log tells of what is dropped. */
const TELL_EVERY: Ms = 60_000;

/** Answers TST and takes CLR, each packet at once. Strangers hear nothing, as from Squid. */
export class HtcpServer {
  /** Packets by what became of them. */
  readonly counts = Object.fromEntries(HTCP_OUTCOMES.map((outcome) => [outcome, 0])) as Record<HtcpOutcome, number>;
  readonly #options: HtcpServerOptions;
  readonly #clears: SourceRate;
  readonly #transactions: Transactions;
  #callers: Callers;
  #service: UdpService | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: HtcpServerOptions) {
    this.#options = options;
    this.#clears = new SourceRate(CLEARS, options.monotonic);
    this.#transactions = new Transactions(options.monotonic);
    this.#callers = new Callers(options.plan);
  }

  /** Where it listens then: for port 0 the one that was found. Rejects with an `Error` that says what is in the way. */
  async listen(address: HostPort): Promise<HostPort> {
    const packet = (bytes: Buffer, from: RemoteInfo) => this.#take(bytes, from);
    const trouble = (error: Error) => {
      this.counts.unsent++;
      this.#tell('HTCP answers cannot be sent', { error });
    };
    this.#service = await UdpService.open(address, { packet, trouble });
    return this.#service.address;
  }

  /** Who may ask and purge from now on. Another address needs another server. */
  update(plan: HtcpServerOptions['plan']): void {
    this.#callers = new Callers(plan);
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }

  #take(packet: Buffer, from: RemoteInfo): void {
    const message = decode(packet);
    if (typeof message === 'string') this.counts[message]++;
    else if (message.kind === 'TST') this.counts[this.#test(message, from)]++;
    else if (message.kind === 'CLR') this.counts[this.#clear(message, from)]++;
    else this.counts.ignored++;
  }

  #test(message: Request, from: RemoteInfo): HtcpOutcome {
    if (!this.#callers.mayAsk(from.address)) return this.#deny('siblings.allow', from);
    if (!message.f1) return 'ignored';
    const holding = this.#find(message.specifier, from);
    const found = holding && encodeFound(message, ...this.#detailOf(holding));
    this.#send(found ?? encodeMissing(message), from);
    return found === undefined ? 'missing' : 'found';
  }

  #find({ method, url, fields }: Specifier, from: RemoteInfo): Holding | undefined {
    const asked = parseAskedUrl(url);
    if (asked === undefined || asked === 'other' || (method !== 'GET' && method !== 'HEAD')) return undefined;
    const { inquiry, isPortico } = this.#options;
    const isBlind = fields.length === 0;
    const isOfUse = asked.scheme === 'http' || !isBlind || this.#callers.mayAskForHttps(from.address, isPortico);
    return isOfUse ? inquiry.ask({ ...asked, fields: isBlind ? undefined : fields }, FRESH_FOR) : undefined;
  }

  /** Of the cache, and of the response, as Squid tells them. Of what is on disk alone there is but its freshness. */
  #detailOf({ ttl, stored }: Holding): [cached: string, entity: string] {
    const now = this.#options.now();
    const expires = `Expires: ${new Date(now + ttl).toUTCString()}\r\n`;
    if (stored === undefined) return ['', expires];
    const modified = stored.lastModified === undefined ? '' : `Last-Modified: ${stored.lastModified}\r\n`;
    return [`Age: ${ageSeconds(currentAge(stored, now))}\r\n`, expires + modified];
  }

  #clear(message: Request, from: RemoteInfo): HtcpOutcome {
    const { address, port } = from;
    if (!this.#callers.mayClear(address)) return this.#deny('siblings.clear_from', from);
    if (!this.#clears.take(address)) {
      this.#tell('too many purges by HTCP, some are dropped', { from: address });
      return 'excess';
    }
    const { method, url } = message.specifier;
    // Squid sends PURGE on when it was asked by that; the object is that of GET all the same.
    if (method !== 'GET' && method !== 'HEAD' && method !== 'PURGE') return 'ignored';
    const name = Transactions.nameOf(address, port, message.transaction, url);
    const before = this.#transactions.find(name);
    const response = before ?? this.#purge(url, from);
    // One that went wrong is not answered: who sends it again gets another try.
    if (response === undefined) return 'refused';
    if (before === undefined) this.#transactions.note(name, response);
    if (message.f1) this.#send(encodeCleared(message, response), from);
    if (before !== undefined) return 'repeated';
    return response === CLR_RESPONSES.gone ? 'purged' : 'refused';
  }

  #purge(url: string, { address, port }: RemoteInfo): number | undefined {
    const slot = this.#callers.peerByHtcp(address, port)?.slot;
    try {
      const isPurged = this.#options.purge(url, { address, port, slot });
      return isPurged ? CLR_RESPONSES.gone : CLR_RESPONSES.missing;
    } catch (error) {
      this.#options.log.error('a purge by HTCP failed', { url, from: address, error });
      return undefined;
    }
  }

  #deny(list: string, { address }: RemoteInfo): HtcpOutcome {
    this.#tell(`asked by HTCP from an address that is not in ${list}`, { from: address });
    return 'denied';
  }

  #send(packet: Buffer | undefined, { address, port }: RemoteInfo): void {
    if (packet !== undefined) this.#service?.send(packet, { host: address, port });
  }

  #tell(event: string, fields: object): void {
    const now = this.#options.monotonic();
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#options.log.warn(event, fields);
  }
}
