import type { RemoteInfo } from 'node:dgram';
import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { Inquiry, Question } from '../../cache/inquiry.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { Callers } from '../callers.ts';
import type { SiblingPlan } from '../plan.ts';
import { type RateLimit, SourceRate } from '../source-rate.ts';
import { UdpService } from '../udp-service.ts';
import { answerTo } from './answer.ts';
import { decode, encodeAnswer, type IcpAnswer, UNREADABLE, type Unreadable } from './message.ts';

/**
 * What becomes of a packet: its answer, or why there is none. `unsolicited`: it is no question. `withheld`: a stranger has
 * had refusals enough. `unsent`: the system did not take the answer.
 */
export type IcpOutcome = IcpAnswer | Unreadable | 'unsolicited' | 'withheld' | 'unsent';

export const ICP_OUTCOMES: readonly IcpOutcome[] = [
  ...(['HIT', 'MISS', 'MISS_NOFETCH', 'DENIED', 'ERR'] as const),
  ...UNREADABLE,
  ...(['unsolicited', 'withheld', 'unsent'] as const),
];

export interface IcpServerOptions {
  readonly plan: Pick<SiblingPlan, 'allow' | 'clearFrom' | 'peers'>;
  readonly inquiry: Pick<Inquiry, 'ask'>;
  /** Whether that peer has been found to be a Portico node. */
  readonly isPortico: (slot: number) => boolean;
  /** Whether nobody should count on us to fetch anything: draining, warming up, overloaded. */
  readonly isBusy: () => boolean;
  readonly log: EventLog;
  /** Of a clock that never goes back. */
  readonly now: () => Ms;
}

/** Refusals to one source. They help who has forgotten to allow it; more of them help who sends with a false address. */
const REFUSALS: RateLimit = { perSecond: 10, burst: 10 };

/** How often the log tells of strangers. */
const TELL_EVERY: Ms = 60_000;

/** Answers ICP, each packet at once and from the address and port that it was sent to: Squid takes no other answer. */
export class IcpServer {
  /** Packets by what became of them. */
  readonly counts = Object.fromEntries(ICP_OUTCOMES.map((outcome) => [outcome, 0])) as Record<IcpOutcome, number>;
  readonly #options: IcpServerOptions;
  readonly #refusals: SourceRate;
  #callers: Callers;
  #service: UdpService | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: IcpServerOptions) {
    this.#options = options;
    this.#refusals = new SourceRate(REFUSALS, options.now);
    this.#callers = new Callers(options.plan);
  }

  /** Where it listens then: for port 0 the one that was found. Rejects with an `Error` that says what is in the way. */
  async listen(address: HostPort): Promise<HostPort> {
    const packet = (bytes: Buffer, from: RemoteInfo) => this.#take(bytes, from);
    const trouble = (error: Error) => {
      this.counts.unsent++;
      this.#tell('ICP answers cannot be sent', { error });
    };
    this.#service = await UdpService.open(address, { packet, trouble });
    return this.#service.address;
  }

  /** Who may ask from now on. Another address needs another server. */
  update(plan: IcpServerOptions['plan']): void {
    this.#callers = new Callers(plan);
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }

  #take(packet: Buffer, from: RemoteInfo): void {
    const message = decode(packet);
    if (typeof message === 'string') {
      this.counts[message]++;
      return;
    }
    const { inquiry, isPortico, isBusy } = this.#options;
    const answer = answerTo(message, {
      mayAsk: this.#callers.mayAsk(from.address),
      mayAskForHttps: () => this.#callers.mayAskForHttps(from.address, isPortico),
      holds: (question: Question, freshFor: Ms) => inquiry.ask(question, freshFor) !== undefined,
      isBusy,
    });
    const outcome = answer === undefined ? 'unsolicited' : this.#mayBeTold(answer, from.address) ? answer : 'withheld';
    this.counts[outcome]++;
    if (answer === undefined || outcome === 'withheld') return;
    if (answer === 'DENIED')
      this.#tell('asked by ICP from an address that is not in siblings.allow', { from: from.address });
    this.#service?.send(encodeAnswer(answer, message), { host: from.address, port: from.port });
  }

  #mayBeTold(answer: IcpAnswer, source: string): boolean {
    return (answer !== 'DENIED' && answer !== 'ERR') || this.#refusals.take(source);
  }

  #tell(event: string, fields: object): void {
    const now = this.#options.now();
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#options.log.warn(event, fields);
  }
}
