import type { Statement } from '../blocks.ts';
import { approximate, dropped, EXACT, exact, type Findings, type Judgement, refused } from '../findings.ts';
import { type Garp, judgedGarp } from './garp.ts';
import { judgedGlobal } from './global-keywords.ts';
import { isTrue, secondsIn, wholeIn } from './numbers.ts';

/** What `global_defs` say for all instances. */
export interface Globals {
  version: 2 | 3;
  garp: Garp;
  /** Milliseconds. */
  startDelay: number;
  isStrict: boolean;
  checksum: 'rfc9568' | undefined;
  downTimerAdverts: number;
  /** A group that is not the standard's. */
  group4: string | undefined;
  group6: string | undefined;
  defaultInterface: string;
}

const GROUP4 = '224.0.0.18';
const GROUP6 = 'ff02::12';
const LONGEST_START_DELAY = 600;

/** keepalived's own defaults. */
export function defaultGlobals(): Globals {
  return {
    version: 2,
    garp: { count: 5, delay: 5000 },
    startDelay: 0,
    isStrict: false,
    checksum: undefined,
    downTimerAdverts: 3,
    group4: undefined,
    group6: undefined,
    defaultInterface: 'eth0',
  };
}

export function readGlobals(block: readonly Statement[], globals: Globals, findings: Findings): void {
  for (const statement of block) {
    const judgement = judged(statement, globals);
    findings.add(statement.place, judgement);
    for (const { place } of statement.block ?? []) findings.add(place, judgement);
  }
}

function judged({ keyword, args }: Statement, globals: Globals): Judgement {
  const [first] = args;
  const garp = judgedGarp(keyword.replace(/^vrrp_/, ''), args, globals.garp);
  if (keyword.startsWith('vrrp_') && garp !== undefined) return garp;
  switch (keyword) {
    case 'vrrp_version':
      if (first !== '2' && first !== '3') return dropped('no version; keepalived ignores it');
      globals.version = first === '2' ? 2 : 3;
      return EXACT;
    case 'vrrp_strict':
      globals.isStrict = true;
      return approximate(STRICT);
    case 'v3_checksum_as_v2':
      globals.checksum = isTrue(first) ? 'rfc9568' : undefined;
      return EXACT;
    case 'vrrp_startup_delay':
      return startDelay(first, globals);
    case 'vrrp_delay_after_boot':
      return refused('time is counted from the start of the agent: start_delay, or a unit that waits');
    case 'vrrp_down_timer_adverts':
      return downTimer(first, globals);
    case 'vrrp_mcast_group4':
      return group(first, GROUP4, (address) => {
        globals.group4 = address;
      });
    case 'vrrp_mcast_group6':
      return group(first, GROUP6, (address) => {
        globals.group6 = address;
      });
    case 'vrrp_lower_prio_no_advert':
      return isTrue(first) ? LOWER_PRIORITY : EXACT;
    case 'vrrp_higher_prio_send_advert':
      return isTrue(first) ? HIGHER_PRIORITY : EXACT;
    case 'vrrp_owner_ignore_adverts':
      return isTrue(first) ? OWNER : EXACT;
    case 'default_interface':
      globals.defaultInterface = first ?? globals.defaultInterface;
      return EXACT;
    default:
      return judgedGlobal(keyword) ?? unknownKeyword(keyword, 'global_defs');
  }
}

export const STRICT =
  'what strict mode forbids is not imported; that other hosts may not reach the addresses (no_accept) cannot be had: they may';

export const LOWER_PRIORITY = approximate('a lower priority is answered at once, as RFC 9568 §6.4.3 has it');
export const HIGHER_PRIORITY = approximate(
  'who takes over sends gratuitous ARP by itself when it hears a lower priority',
);
export const OWNER = approximate('of two owners the one with the lower address gives way, and an alarm tells of it');

export function unknownKeyword(keyword: string, where: string): Judgement {
  return refused(`no keyword of ${where} that is known here: ${keyword}`);
}

export function downTimer(text: string | undefined, settings: { downTimerAdverts: number }): Judgement {
  const count = wholeIn(text, 1, 100);
  if (count === undefined) return dropped('1 to 100 was meant; keepalived ignores it');
  settings.downTimerAdverts = count;
  return count === 3
    ? EXACT
    : refused(
        `after 3 intervals of silence the addresses are taken, as RFC 9568 §6.1 has it, not after ${count}: set the others to 3`,
      );
}

function startDelay(text: string | undefined, globals: Globals): Judgement {
  const delay = secondsIn(text, 0, Number.MAX_SAFE_INTEGER);
  if (delay === undefined) return dropped('no time; keepalived ignores it');
  globals.startDelay = Math.min(delay, LONGEST_START_DELAY * 1000);
  return globals.startDelay === delay
    ? exact('start_delay of all instances')
    : approximate('start_delay is 10m at most');
}

function group(text: string | undefined, standard: string, set: (address: string) => void): Judgement {
  if (text === undefined || text.toLowerCase() === standard) return EXACT;
  set(text);
  return refused(
    `advertisements go to ${standard} as RFC 9568 §5.1 has it: use unicast_peers, or ${standard} on all nodes`,
  );
}
