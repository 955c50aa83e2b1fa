import type { GarpDraft } from '../draft.ts';
import { approximate, dropped, EXACT, exact, type Judgement } from '../findings.ts';
import { isTrue, timeOf, wholeIn } from './numbers.ts';

/** Gratuitous ARP and unsolicited neighbor advertisements: `garp_…` of an instance, `vrrp_garp_…` of all. */
export interface Garp {
  count: number;
  /** Milliseconds; 0: no second burst. */
  delay: number;
  /** Milliseconds; 0: none. `undefined`: nothing is said of it. */
  refresh?: number;
}

const MOST = 100;
const LONGEST_DELAY = 60_000;
const LONGEST_REFRESH = 86_400_000;
const INVALID = dropped('no number that is taken; keepalived ignores it');

/** As our settings have it; `undefined` where all is as our defaults. */
export function garpDraft({ count, delay, refresh }: Garp): GarpDraft | undefined {
  const draft = {
    ...(count !== 5 && { count }),
    ...(delay !== 5000 && { delay: spanOf(delay) }),
    ...(refresh !== undefined && refresh !== 60_000 && { refresh: spanOf(refresh) }),
  };
  return Object.keys(draft).length === 0 ? undefined : draft;
}

/** `undefined`: it says nothing of this. */
export function judgedGarp(keyword: string, [first, second]: readonly string[], garp: Garp): Judgement | undefined {
  const seconds = wholeIn(first, 0, 4_294_967);
  switch (keyword) {
    case 'garp_master_repeat':
      if (seconds === undefined) return INVALID;
      garp.count = Math.min(Math.max(seconds, 1), MOST);
      return garp.count === Math.max(seconds, 1) ? EXACT : approximate(`garp.count is ${MOST} at most`);
    case 'garp_master_delay':
      if (seconds === undefined) return INVALID;
      garp.delay = Math.min(seconds * 1000, LONGEST_DELAY);
      return garp.delay === seconds * 1000 ? EXACT : approximate('garp.delay is 1m at most');
    case 'garp_master_refresh':
      if (seconds === undefined) return INVALID;
      garp.refresh = Math.min(seconds * 1000, LONGEST_REFRESH);
      return garp.refresh === seconds * 1000 ? EXACT : approximate('garp.refresh is 1d at most');
    case 'garp_master_refresh_repeat':
      return first === '1' ? EXACT : approximate('one is sent at each garp.refresh');
    case 'garp_lower_prio_repeat':
    case 'garp_lower_prio_delay':
      return approximate('the burst after a lower priority is like that of a takeover: garp.count and garp.delay');
    case 'min_garp':
      if (!isTrue(first)) return EXACT;
      if (garp.count === 5) garp.count = 1;
      if (garp.delay === 5000) garp.delay = 0;
      return exact('garp.count 1 and no second burst');
    case 'garp_interval':
    case 'gna_interval':
      return approximate('a burst is sent without pauses');
    case 'garp_extra_if':
    case 'vmac_garp_intvl':
      return second === undefined && first === '0' ? EXACT : dropped('garp.refresh tells of all addresses');
    default:
      return undefined;
  }
}

function spanOf(ms: number): string | 0 {
  return ms === 0 ? 0 : timeOf(ms);
}
