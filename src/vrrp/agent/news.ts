import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { reasonInWords, refusalInWords } from '../machine/explain.ts';
import type { News } from '../machine/state.ts';
import type { Alarm } from '../model.ts';
import type { DropReason } from './advert-checking.ts';

/** What an instance has to tell: of its state machine, and of advertisements that never came so far. */
export type InstanceNews =
  | News
  /** `count`: for this reason, since the start. `source`: `undefined`, it is not known. */
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason;
      readonly source: string | undefined;
      readonly count: number;
    };

/** From one time that a takeover is said to be refused to the next, while nothing else comes of it. */
const REFUSED_AGAIN: Ms = 60_000;

/** What instances have to tell, in the event log. A takeover that is tried in vain, many times a second perhaps, does not fill it. */
export class NewsLog {
  readonly #log: EventLog;
  /** By instance. */
  readonly #refused = new Map<string, { readonly because: string; readonly at: Ms }>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** `now`: of a monotonic clock. */
  take(instance: string, news: InstanceNews, now: Ms): void {
    const [event, fields] = eventOf(news);
    this.#log[this.#levelOf(instance, news, now)](event, { instance, ...fields });
  }

  #levelOf(instance: string, news: InstanceNews, now: Ms): 'debug' | 'info' | 'warn' {
    if (news.kind === 'role') {
      // Until something comes of it, a claim is nothing to the outside.
      if (news.to === 'claiming' || (news.from === 'claiming' && news.to === 'backup')) return 'debug';
      this.#refused.delete(instance);
      return news.to === 'fault' ? 'warn' : 'info';
    }
    if (news.kind !== 'alarm' || news.alarm.kind !== 'takeover-refused') return 'warn';
    const because = refusalInWords(news.alarm.refusal);
    const last = this.#refused.get(instance);
    if (last?.because === because && now - last.at < REFUSED_AGAIN) return 'debug';
    this.#refused.set(instance, { because, at: now });
    return 'warn';
  }
}

/** A sentence without its subject; of a change of role, why. */
export function newsInWords(news: InstanceNews): string {
  if (news.kind === 'role') return reasonInWords(news.reason);
  const [event, { because, ...fields }] = eventOf(news);
  const told = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  const rest = [...(because === undefined ? [] : [String(because)]), ...told];
  return rest.length === 0 ? event : `${event} (${rest.join(', ')})`;
}

type Event = readonly [event: string, fields: Readonly<Record<string, string | number | undefined>>];

function eventOf(news: InstanceNews): Event {
  switch (news.kind) {
    case 'role':
      return [`vrrp ${news.to}`, { from: news.from, because: reasonInWords(news.reason) }];
    case 'alarm':
      return alarmInWords(news.alarm);
    case 'dropped': {
      const { reason, source, count } = news;
      return ['advertisements of this instance are dropped: both nodes may become active', { reason, source, count }];
    }
  }
}

function alarmInWords(alarm: Alarm): Event {
  switch (alarm.kind) {
    case 'takeover-refused':
      return ['the addresses are not taken over', { because: refusalInWords(alarm.refusal) }];
    case 'takeover-doubted':
      return [
        'the addresses are taken over, and another node may have them',
        { because: refusalInWords(alarm.refusal) },
      ];
    case 'two-actives':
      return ['two nodes were active', { source: alarm.source, theirs: alarm.theirs, ours: alarm.ours }];
    case 'conflict':
      return ['another host claims a virtual address that is here', { address: alarm.address, mac: alarm.mac }];
    case 'interval-mismatch':
      return [
        'a router has another advert_interval: version 2 has to ignore it',
        { source: alarm.source, theirs_ms: alarm.theirs, ours_ms: alarm.ours },
      ];
    case 'two-owners':
      return ['another router has priority 255, too', { source: alarm.source }];
    case 'address-removed':
      return ['somebody removed a virtual address: it is put back', { address: alarm.address }];
    case 'lease-lost':
      return ['the lease of the addresses ended', { policy: alarm.policy }];
    case 'handover-failed':
      return ['nobody took the addresses over: they stay here', {}];
    case 'hook-failed':
      return ['a hook that was waited for failed', { hook: alarm.hook, outcome: alarm.outcome }];
    case 'stalled':
      return ['this process stood still', { for_ms: Math.round(alarm.for) }];
  }
}
