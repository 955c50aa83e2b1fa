import type { Ms } from '../../base/units.ts';
import { type Advert, LEAVING, type Reason } from '../model.ts';
import { claim, enterBackup, enterIdle, giveBack, isLeaseOver, leaveTime, patience, sayGoodbye } from './entering.ts';
import { faultsOf, priorityOf } from './fitness.ts';
import { hear, isGreater, learn } from './hearing.ts';
import type { InstanceRules } from './rules.ts';
import type { Departure, LeavingStanding } from './state.ts';
import { lingerTime } from './timers.ts';
import type { Turn } from './turn.ts';

/**
 * A planned departure, make before break. Priority 0 was sent, so that the successor waits for no more than its Skew_Time, and the
 * addresses are kept until it advertises, and a moment longer: clients are served by one or the other all the time. RFC 9568 would have them
 * removed at once, which leaves a hole of Skew_Time: 615 ms at priority 100 and 1 s. It is the same for a successor of another
 * make, as all that it sees is priority 0 from one that goes on answering.
 *
 * Where there is a witness the lease is kept as well, until the successor asks for it: so one that cannot hear us never has it
 * while we have the addresses.
 */

/** Said once more when nobody came: the first may have been lost. More often it would put off who waits for its Skew_Time. */
const MOST_GOODBYES = 2;

/**
 * How long a planned departure may take. `before`: what must come first, hooks and that connections end. `goodbye`: from then on, when nobody
 * comes, or somebody does at the last moment.
 */
export function departureTime(rules: InstanceRules): { readonly before: Ms; readonly goodbye: Ms } {
  const steps = (['before_remove', 'stop', 'drain'] as const).map((step) => leaveTime(rules, step) ?? 0);
  const goodbye = MOST_GOODBYES * patience({ rules }) + lingerTime(rules.interval);
  return { before: steps.reduce((sum, each) => sum + each, 0), goodbye };
}

export function advertInLeaving(turn: Turn, standing: LeavingStanding, advert: Advert): void {
  if (advert.priority === LEAVING) {
    // Two were active, and neither wants to be: the lesser address lets go, so that one keeps what the other will need.
    if (isGreater(advert.source, turn.state)) depart(turn, standing.why);
    return;
  }
  hear(turn, advert);
  learn(turn, advert);
  depart(turn, standing.why);
}

/** That is who comes; it advertises next. */
export function askedInLeaving(turn: Turn, standing: LeavingStanding): void {
  if (standing.leaseUntil === 'given') return;
  giveBack(turn);
  const until = turn.now + patience(turn);
  turn.stay({ ...standing, leaseUntil: 'given', goodbyes: MOST_GOODBYES, until });
}

/** When `time` changes something. */
export function wakeLeaving({ until, leaseUntil }: LeavingStanding, { witness }: InstanceRules): Ms {
  const ends = witness?.policy === 'strict' && typeof leaseUntil === 'number' ? leaseUntil : Infinity;
  return Math.min(until, ends);
}

export function timeInLeaving(turn: Turn, standing: LeavingStanding): void {
  if (isLeaseOver(turn, standing.leaseUntil)) {
    turn.alarm({ kind: 'lease-lost', policy: 'strict' });
    depart(turn, standing.why);
    return;
  }
  if (turn.now < standing.until) return;
  if (standing.goodbyes < MOST_GOODBYES) {
    sayGoodbye(turn);
    turn.stay({ ...standing, goodbyes: standing.goodbyes + 1, until: turn.now + patience(turn) });
    return;
  }
  const { why } = standing;
  if (why.kind === 'release' || why.kind === 'stop') depart(turn, why);
  else if (why.kind === 'fault' && turn.rules.lastResort === 'release') depart(turn, why);
  else stayAfterAll(turn, standing);
}

/** Is active again with the addresses that it still has, by the lease that it still has; or it has to ask like anybody. */
export function comeBack(turn: Turn, { leaseUntil }: LeavingStanding, reason: Reason): void {
  const { policy } = turn.rules.witness ?? {};
  if (leaseUntil === 'given' && policy === 'strict') {
    enterBackup(turn, reason, { from: turn.now, wait: 'retry' });
    return;
  }
  const timer = { from: turn.now, wait: 'down' } as const;
  claim(turn, 'return', reason, timer, leaseUntil === 'given' ? undefined : leaseUntil);
  if (leaseUntil === 'given') turn.act({ kind: 'ask', question: turn.ask(), cause: 'return' });
}

/** Nobody took the addresses over. */
function stayAfterAll(turn: Turn, standing: LeavingStanding): void {
  if (standing.why.kind === 'handover') turn.alarm({ kind: 'handover-failed' });
  const { weak } = faultsOf(turn.state, turn.rules);
  comeBack(turn, standing, weak.length > 0 ? { kind: 'last-resort', what: weak } : { kind: 'nobody-came' });
}

/** Somebody has taken over, or is not waited for any longer. */
export function depart(turn: Turn, { kind, reason }: Departure): void {
  const { heard } = turn.state;
  if (kind === 'stop') enterIdle(turn, 'stopped', reason);
  else if (kind === 'release') enterIdle(turn, 'released', reason);
  else if (kind === 'fault' && turn.rules.lastResort === 'release') enterIdle(turn, 'fault', reason);
  else if (heard === undefined) enterBackup(turn, reason);
  else {
    const ours = priorityOf(turn.state, turn.rules);
    enterBackup(turn, { kind: 'successor', source: heard.source, theirs: heard.priority, ours });
  }
}
