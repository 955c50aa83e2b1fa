import { AddressNews } from '../../src/control/address-news.ts';
import type { VrrpFacts } from '../../src/metrics/vrrp-families.ts';
import { DROP_REASONS } from '../../src/vrrp/agent/advert-checking.ts';
import { instanceStatus } from './memory-vrrp.ts';

/** What a node tells of one active instance, for whoever shows it. */
export function vrrpFacts(of: Partial<Parameters<typeof instanceStatus>[1]> = {}): VrrpFacts {
  const now = 1_700_000_000_000;
  const news = new AddressNews({ operator: { tell: () => {} }, post: () => {} });
  return {
    agent: { ready: true, deaths: 0, isRealTime: false },
    instances: [{ ...instanceStatus('front', of, now), alarms: news.alarms('front') }],
    dropReasons: DROP_REASONS,
    webhookFailures: 0,
    now,
  };
}
