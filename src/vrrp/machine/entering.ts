import type { Ms } from '../../base/units.ts';
import { type Cause, LEAVING, type Reason, type Refusal } from '../model.ts';
import { faultsOf, priorityOf } from './fitness.ts';
import { isAlive } from './hearing.ts';
import type { InstanceRules } from './rules.ts';
import {
  type ActiveStanding,
  type BackupStanding,
  type ClaimingStanding,
  type ClaimStep,
  type Departure,
  type DownTimer,
  holds,
  type LeaveStep,
} from './state.ts';
import { goodbyeTime, HELD, hurriedInterval, lingerTime, offerInterval } from './timers.ts';
import type { Turn } from './turn.ts';

/** How roles are entered, whatever the one before was. */

export function enterBackup(
  turn: Turn,
  reason: Reason,
  timer: DownTimer = { from: turn.now, wait: 'down' },
): BackupStanding {
  const { role } = turn.state.standing;
  letGo(turn, reason);
  const backup = { role: 'backup', timer, probe: undefined, lower: undefined } as const;
  turn.enter(backup, reason);
  // To the outside a claim that comes to nothing was backup all the time.
  if (role !== 'claiming') turn.hook('on_backup');
  return backup;
}

/** Where it takes no part. */
export function enterIdle(turn: Turn, role: 'stopped' | 'fault' | 'released', reason: Reason): void {
  letGo(turn, reason);
  turn.enter({ role }, reason);
  turn.hook(role === 'fault' ? 'on_fault' : 'on_backup');
}

/** Gives the addresses up at once, and says so: nobody should wait for us. */
export function sayGoodbye(turn: Turn): void {
  turn.act({ kind: 'advertise', priority: LEAVING });
}

/** The same of one that is rightly active until then: its word counts, and it has who follows make haste. */
export function sayGoodbyeInHaste(turn: Turn): void {
  const hurry = hurriedInterval(turn.rules.interval, turn.rules.version);
  turn.act({ kind: 'advertise', priority: LEAVING, ...(hurry !== undefined && { hurry }) });
}

/**
 * Begins to take the addresses: what must come first is done step by step, and each step has its time. None of it is done for
 * addresses that are there already.
 */
export function claim(turn: Turn, cause: Cause, why: Reason, timer: DownTimer, leaseUntil?: Ms): void {
  const before = { role: 'claiming', cause, why, step: 'ask', until: turn.now, timer, leaseUntil } as const;
  claimFrom(turn, before, stepsFor(turn, cause));
}

/** The step that a claim is at is done. */
export function claimOn(turn: Turn, claiming: ClaimingStanding, leaseUntil = claiming.leaseUntil): void {
  const steps = stepsFor(turn, claiming.cause);
  claimFrom(turn, { ...claiming, leaseUntil }, steps.slice(steps.indexOf(claiming.step) + 1));
}

function stepsFor({ rules }: Turn, cause: Cause): readonly ClaimStep[] {
  if (cause === 'return') return [];
  const steps: ClaimStep[] = [];
  if (rules.witness !== undefined) steps.push('ask');
  // Nobody is shot who still speaks.
  if (rules.hooks.fence !== undefined && cause === 'silence') steps.push('fence');
  if (rules.hooks.before_add !== undefined) steps.push('prepare');
  return steps;
}

function claimFrom(turn: Turn, claiming: ClaimingStanding, steps: readonly ClaimStep[]): void {
  const [step] = steps;
  if (isLeaseOver(turn, claiming.leaseUntil)) {
    refuse(turn, { by: 'witness', vote: 'silent' });
    return;
  }
  if (step === undefined) {
    enterActive(turn, claiming.cause, claiming.why, claiming.leaseUntil);
    return;
  }
  const question = turn.ask();
  const standing = { ...claiming, step, until: turn.now + timeFor(turn, step) };
  if (turn.state.standing.role === 'claiming') turn.stay(standing);
  else turn.enter(standing, claiming.why);
  if (step === 'ask') turn.act({ kind: 'ask', question, cause: claiming.cause });
  else turn.act({ kind: 'hook', hook: step === 'fence' ? 'fence' : 'before_add', question });
}

/** A takeover comes to nothing, and is tried again. */
export function refuse(turn: Turn, refusal: Refusal): void {
  turn.alarm({ kind: 'takeover-refused', refusal });
  enterBackup(turn, { kind: 'guard', refusal }, { from: turn.now, wait: 'retry' });
}

/** Whether nothing may be done any more because of the addresses: others may have them from then on. */
export function isLeaseOver({ rules, now }: Turn, leaseUntil: Ms | 'given' | undefined): boolean {
  return rules.witness?.policy === 'strict' && typeof leaseUntil === 'number' && now >= leaseUntil;
}

function timeFor({ rules }: Turn, step: ClaimStep): Ms {
  if (step === 'ask') return rules.witness?.timeout ?? 0;
  return rules.hooks[step === 'fence' ? 'fence' : 'before_add'] ?? 0;
}

/**
 * The advertisement goes first: the sooner the other hears it, the sooner there is one owner. But one that said goodbye keeps the
 * addresses until it hears it, and until clients have been told that they are here they ask there.
 */
function enterActive(turn: Turn, cause: Cause, reason: Reason, leaseUntil: Ms | undefined): void {
  const { rules } = turn;
  const isThere = holds(turn.state.standing);
  turn.enter({ ...freshActive(turn, cause), leaseUntil }, reason);
  turn.set({ heard: undefined, activeInterval: rules.interval, maintenance: undefined });
  if (cause !== 'farewell') advertise(turn);
  if (!isThere) turn.act({ kind: 'add', address: undefined });
  else if (rules.drain > 0) turn.act({ kind: 'serve' });
  turn.act({ kind: 'announce', count: rules.announcements.count });
  if (cause === 'farewell') advertise(turn);
  // What was stopped for it, likewise.
  if (isThere) turn.hook('start', 'on_active');
  else turn.hook('after_add', 'start', 'on_active');
}

function freshActive({ rules, state, now }: Turn, cause: Cause): ActiveStanding {
  const { delay, refresh } = rules.announcements;
  const isLastResort = faultsOf(state, rules).weak.length > 0;
  return {
    role: 'active',
    cause,
    advertiseAt: now + rules.interval,
    advertisedAt: now,
    announceAt: delay > 0 ? now + delay : undefined,
    refreshAt: refresh > 0 ? now + refresh : undefined,
    answeredAt: undefined,
    provokedAt: undefined,
    restoredAt: undefined,
    restoreAt: undefined,
    leaseUntil: undefined,
    offerAt: isLastResort ? now + offerInterval(rules.interval) : undefined,
    preparing: undefined,
  };
}

/** At once, and the next one an interval from now. */
export function advertise(turn: Turn): void {
  const { standing } = turn.state;
  if (standing.role !== 'active') return;
  turn.act({ kind: 'advertise', priority: priorityOf(turn.state, turn.rules) });
  turn.stay({ ...standing, advertisedAt: turn.now, advertiseAt: turn.now + turn.rules.interval });
}

/**
 * Gives the addresses away, make before break. What resources need to stop comes first, while it advertises on; then
 * priority 0 tells the others, and the addresses stay until one of them advertises.
 */
export function leave(turn: Turn, why: Departure): void {
  const { standing } = turn.state;
  if (standing.role !== 'active') return;
  prepareToLeave(turn, standing, why, stepsToLeave(why));
}

/**
 * Connections come last: as long as new ones are held back nothing else is waited for. They are not where more is lost each moment, by a fault;
 * and where somebody waits for our answer.
 */
function stepsToLeave({ kind, reason }: Departure): readonly LeaveStep[] {
  const hooks = ['before_remove', 'stop'] as const;
  return kind === 'fault' || reason.kind === 'asked' ? hooks : [...hooks, 'drain'];
}

/** What it was at is done. */
export function prepareOn(turn: Turn, standing: ActiveStanding): void {
  const { preparing } = standing;
  if (preparing === undefined) return;
  const steps = stepsToLeave(preparing.why);
  prepareToLeave(turn, standing, preparing.why, steps.slice(steps.indexOf(preparing.step) + 1));
}

function prepareToLeave(turn: Turn, standing: ActiveStanding, why: Departure, steps: readonly LeaveStep[]): void {
  const step = steps.find((each) => leaveTime(turn.rules, each) !== undefined);
  if (step === undefined) {
    enterLeaving(turn, why);
    return;
  }
  const question = turn.ask();
  turn.stay({ ...standing, preparing: { why, step, until: turn.now + (leaveTime(turn.rules, step) ?? 0) } });
  turn.act(step === 'drain' ? { kind: 'drain', question } : { kind: 'hook', hook: step, question });
}

/** How long a step may take; `undefined`: there is none. */
export function leaveTime({ hooks, drain }: InstanceRules, step: LeaveStep): Ms | undefined {
  if (step !== 'drain') return hooks[step];
  return drain > 0 ? drain + HELD : undefined;
}

/** Nothing comes first any more. */
export function enterLeaving(turn: Turn, why: Departure): void {
  const { standing } = turn.state;
  const leaseUntil = standing.role === 'active' ? standing.leaseUntil : undefined;
  turn.enter({ role: 'leaving', why, until: turn.now + patience(turn), goodbyes: 1, leaseUntil }, why.reason);
  turn.set({ heard: undefined });
  sayGoodbyeInHaste(turn);
}

export function patience({ rules }: Pick<Turn, 'rules'>): Ms {
  return goodbyeTime(rules.interval) + preparation(rules);
}

/** How long new connections are held back for a successor, from the goodbye on: it has been told to make haste. */
export function successorTime(rules: InstanceRules): Ms {
  const interval = rules.version === 2 ? Math.max(1000, rules.interval) : rules.interval;
  return goodbyeTime(hurriedInterval(rules.interval, rules.version) ?? interval) + UNHURRIED + preparation(rules);
}

/** Schedulers, and networks. */
const UNHURRIED: Ms = 200;

/** A successor that is configured as we are has to ask and prepare before it advertises. */
function preparation({ witness, hooks }: InstanceRules): Ms {
  return (witness?.timeout ?? 0) + (hooks.before_add ?? 0);
}

/** Whoever is told to let go does so at once: hooks are not waited for. */
function letGo(turn: Turn, reason: Reason): void {
  const { standing } = turn.state;
  if (!holds(standing)) {
    if (standing.role === 'claiming') giveBack(turn);
    return;
  }
  const running = standing.role === 'active' ? standing.preparing?.step : 'drain';
  if (running === undefined) turn.hook('before_remove', 'stop');
  else if (running === 'before_remove') turn.hook('stop');
  turn.act({ kind: 'remove', after: lingering(turn, reason) });
  giveBack(turn);
  turn.hook('after_remove');
}

/** Of those that have a successor, unless we cannot serve, or are forbidden to, or did not: then nothing is under way here. */
function lingering({ state, rules, now }: Turn, reason: Reason): Ms {
  if (reason.kind === 'lease-lost' || reason.kind === 'superseded' || faultsOf(state, rules).vital.length > 0) return 0;
  const { heard } = state;
  const isFollowed =
    reason.kind === 'group' ? rules.witness?.policy !== 'strict' : heard !== undefined && isAlive(heard, now);
  return isFollowed ? lingerTime(rules.interval) : 0;
}

export function giveBack(turn: Turn): void {
  if (turn.rules.witness !== undefined) turn.act({ kind: 'give-back' });
}
