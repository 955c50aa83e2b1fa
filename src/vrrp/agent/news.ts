import type { EventLog } from '../../observe/event-forward.ts';
import { reasonInWords, refusalInWords } from '../machine/explain.ts';
import type { News } from '../machine/state.ts';
import type { Alarm } from '../model.ts';

/** What an instance has to tell, in the event log. */
export function newsInLog(log: EventLog, instance: string, news: News): void {
  if (news.kind === 'alarm') {
    const [event, fields] = alarmInWords(news.alarm);
    log.warn(event, { instance, ...fields });
    return;
  }
  const { from, to, reason } = news;
  const level = to === 'fault' ? 'warn' : 'info';
  log[level](`vrrp ${to}`, { instance, from, because: reasonInWords(reason) });
}

function alarmInWords(alarm: Alarm): readonly [event: string, fields: object] {
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
