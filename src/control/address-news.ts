import type { Ms } from '../base/units.ts';
import type { AddressHand } from '../operator/address-hand.ts';
import type { InstanceNews } from '../vrrp/agent/news.ts';
import type { Alarm } from '../vrrp/model.ts';

export interface AddressNewsOptions {
  readonly operator: Pick<AddressHand, 'tell'>;
  /** Told as well, where somebody wants to be. */
  readonly post: (body: object) => void;
}

/** As the agent tells it. `at`: epoch milliseconds. */
export interface AddressNewsItem {
  readonly instance: string;
  readonly at: Ms;
  readonly news: InstanceNews;
  readonly words: string;
}

/** The same alarm once more within this time is counted, and no more than that. */
const REPEATED: Ms = 60_000;
/** Nor is more than one of a kind told within this. */
const FLOOD: Ms = 1_000;

/** A record, so that the compiler sees that none is missing: metrics begin at nought. */
const KINDS: Readonly<Record<Alarm['kind'], 0>> = {
  'takeover-refused': 0,
  'takeover-doubted': 0,
  'two-actives': 0,
  conflict: 0,
  'interval-mismatch': 0,
  'two-owners': 0,
  'address-removed': 0,
  'lease-lost': 0,
  'handover-failed': 0,
  'hook-failed': 0,
  stalled: 0,
};

/** What happens to floating addresses, for who follows events and for the webhook; alarms are counted. */
export class AddressNews {
  readonly #options: AddressNewsOptions;
  /** By instance. */
  readonly #alarms = new Map<string, Record<Alarm['kind'], number>>();
  /** By instance and kind of alarm. */
  readonly #told = new Map<string, { readonly words: string; readonly at: Ms }>();

  constructor(options: AddressNewsOptions) {
    this.#options = options;
  }

  take({ instance, at, news, words }: AddressNewsItem): void {
    const { operator, post } = this.#options;
    const time = new Date(at).toISOString();
    if (news.kind === 'role') {
      const { from, to, reason } = news;
      operator.tell('vrrp-role', { instance, from, to, because: words });
      post({ event: 'role', time, instance, from, to, reason: reason.kind, because: words });
      return;
    }
    const alarm = news.kind === 'alarm' ? news.alarm.kind : 'adverts-dropped';
    if (news.kind === 'alarm') this.#count(instance, news.alarm.kind);
    if (this.#isRepeated(`${instance} ${alarm}`, words, at)) return;
    operator.tell('vrrp-alarm', { instance, alarm, says: words });
    post({ event: 'alarm', time, instance, alarm, says: words });
  }

  /** Why it is away; `undefined`: it is there again. */
  agent(says: string | undefined, now: Ms): void {
    const { operator, post } = this.#options;
    const told = { ready: says === undefined, ...(says !== undefined && { says }) };
    operator.tell('vrrp-agent', told);
    post({ event: 'agent', time: new Date(now).toISOString(), ...told });
  }

  /** Since the start, by kind. */
  alarms(instance: string): Readonly<Record<string, number>> {
    return this.#alarms.get(instance) ?? KINDS;
  }

  /** There are no others any more. */
  keep(instances: readonly string[]): void {
    for (const name of this.#alarms.keys()) if (!instances.includes(name)) this.#alarms.delete(name);
    for (const key of this.#told.keys()) if (!instances.includes(key.split(' ')[0] ?? '')) this.#told.delete(key);
  }

  #count(instance: string, kind: Alarm['kind']): void {
    const counts = this.#alarms.get(instance) ?? { ...KINDS };
    counts[kind] += 1;
    this.#alarms.set(instance, counts);
  }

  #isRepeated(key: string, words: string, at: Ms): boolean {
    const told = this.#told.get(key);
    if (told !== undefined && at - told.at < (told.words === words ? REPEATED : FLOOD)) return true;
    this.#told.set(key, { words, at });
    return false;
  }
}
