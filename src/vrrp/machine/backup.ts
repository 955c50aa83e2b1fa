import type { Ms } from '../../base/units.ts';
import { type Advert, LEAVING, OWNER } from '../model.ts';
import { claim } from './entering.ts';
import { priorityOf } from './fitness.ts';
import { hear, isAlive, learn } from './hearing.ts';
import type { InstanceRules } from './rules.ts';
import type { BackupStanding, InstanceState } from './state.ts';
import { downInterval, MAY_HAVE_DIED, PROBED_AGAIN, probeLead, retryInterval, skewTime } from './timers.ts';
import type { Turn } from './turn.ts';

/** RFC 9568 §6.4.2. What comes before a takeover is ours: the addresses are probed while the timer still runs. */

export function advertInBackup(turn: Turn, standing: BackupStanding, advert: Advert): void {
  const { state, rules, now } = turn;
  if (advert.priority === LEAVING) {
    goodbyeInBackup(turn, standing, advert.source);
    return;
  }
  hear(turn, advert);
  const isLower = advert.priority < priorityOf(state, rules);
  const lower = isLower ? lowerSince(standing, advert, now) : undefined;
  if (lower !== undefined && mayPreempt(state, rules, now - lower.since)) {
    turn.stay({ ...standing, probe: undefined, lower });
    return;
  }
  learn(turn, advert);
  turn.stay({ ...standing, timer: { from: now, wait: 'down' }, probe: undefined, lower });
}

export function timeInBackup(turn: Turn, standing: BackupStanding): void {
  const { state, rules, now } = turn;
  // If it was kept from running, this comes late, and the takeover is put off by as much.
  if (now >= probeTime(standing, state, rules)) {
    turn.stay({ ...standing, probe: { at: now, macs: [] } });
    turn.act({ kind: 'probe' });
  } else if (now >= deadline(standing, state, rules)) {
    takeOver(turn, standing);
  }
}

/** When `time` changes something. */
export function wakeBackup(standing: BackupStanding, state: InstanceState, rules: InstanceRules): Ms {
  return Math.min(deadline(standing, state, rules), probeTime(standing, state, rules));
}

/** Enough to tell a person. */
const MOST_MACS = 4;

export function answeredInBackup(turn: Turn, standing: BackupStanding, mac: string): void {
  const { probe } = standing;
  if (probe === undefined || probe.macs.length >= MOST_MACS || probe.macs.includes(mac)) return;
  turn.stay({ ...standing, probe: { ...probe, macs: [...probe.macs, mac] } });
}

/** When Active_Down_Timer fires; `Infinity` is never. */
export function deadline({ timer, probe }: BackupStanding, state: InstanceState, rules: InstanceRules): Ms {
  const due = timerEnd(timer, state, rules);
  return probe === undefined ? due : Math.max(due, probe.at + probeLead(rules.interval));
}

function timerEnd(timer: BackupStanding['timer'], state: InstanceState, rules: InstanceRules): Ms {
  const priority = priorityOf(state, rules);
  switch (timer.wait) {
    case 'down':
      return timer.from + downInterval(priority, state.activeInterval, rules.version);
    case 'skew':
      return timer.from + skewTime(priority, state.activeInterval, rules.version);
    case 'retry':
      return timer.from + retryInterval(rules.interval);
    case 'probed':
      return timer.from + PROBED_AGAIN;
  }
}

/** Whoever said goodbye, or is to be preempted, has the addresses: only of silence the question is worth while. */
function probeTime(standing: BackupStanding, state: InstanceState, rules: InstanceRules): Ms {
  const { timer, probe, lower } = standing;
  if (rules.probe === 'off' || timer.wait === 'skew' || probe !== undefined) return Infinity;
  const at = timerEnd(timer, state, rules) - probeLead(rules.interval);
  const isPreempting = lower !== undefined && state.heard !== undefined && isAlive(state.heard, at);
  return isPreempting ? Infinity : at;
}

function goodbyeInBackup(turn: Turn, standing: BackupStanding, leaver: string): void {
  const { heard } = turn.state;
  // One that leaves late, when another has taken over: that one is active, and it was not the one to say goodbye.
  if (heard !== undefined && heard.source !== leaver && isAlive(heard, turn.now)) return;
  turn.set({ heard: undefined });
  // Said once more, it is not to be waited for once more.
  if (standing.timer.wait === 'skew') return;
  const timer = { from: turn.now, wait: 'skew', leaver } as const;
  turn.stay({ ...standing, timer, probe: undefined, lower: undefined });
}

function lowerSince({ lower }: BackupStanding, { source, interval }: Advert, now: Ms): BackupStanding['lower'] & {} {
  // A pause ends what was so far.
  const goesOn = lower !== undefined && now - lower.at < 4 * interval;
  return { source, since: goesOn ? lower.since : now, at: now };
}

/** `heardFor`: how long a lower priority has been heard. */
function mayPreempt({ maintenance }: InstanceState, { priority, preempt }: InstanceRules, heardFor: Ms): boolean {
  if (maintenance !== undefined) return false;
  if (priority === OWNER || preempt === 'always') return true;
  return preempt !== 'never' && heardFor >= preempt;
}

function takeOver(turn: Turn, standing: BackupStanding): void {
  const { state, rules, now } = turn;
  const { timer, probe, lower } = standing;
  if (probe !== undefined && probe.macs.length > 0) {
    const isRefused = rules.probe === 'refuse';
    const kind = isRefused ? 'takeover-refused' : 'takeover-doubted';
    turn.alarm({ kind, refusal: { by: 'probe', macs: probe.macs } });
    if (isRefused) {
      const silence = now - (state.heard?.at ?? state.since);
      const down = downInterval(priorityOf(state, rules), state.activeInterval, rules.version);
      const wait = silence < down + MAY_HAVE_DIED ? 'probed' : 'retry';
      turn.stay({ ...standing, timer: { from: now, wait }, probe: undefined });
      return;
    }
  }
  const { heard } = state;
  if (lower !== undefined && heard !== undefined && isAlive(heard, now)) {
    const ours = priorityOf(state, rules);
    claim(turn, 'preemption', { kind: 'preemption', source: heard.source, theirs: heard.priority, ours }, timer);
  } else if (timer.wait === 'skew') {
    claim(turn, 'farewell', { kind: 'farewell', source: timer.leaver }, timer);
  } else {
    claim(turn, 'silence', { kind: 'silence', source: heard?.source, for: now - (heard?.at ?? state.since) }, timer);
  }
}
