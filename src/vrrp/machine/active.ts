import type { Ms } from '../../base/units.ts';
import { type Advert, type Cause, LEAVING, OWNER, type Priority } from '../model.ts';
import { advertise, enterBackup, leave, prepareOn, sayGoodbye } from './entering.ts';
import { faultsOf, priorityOf } from './fitness.ts';
import { hear, isGreater, learn } from './hearing.ts';
import type { ActiveStanding, InstanceEvent, LeaveStep } from './state.ts';
import { CALM, lingerTime, offerInterval, supersededAfter } from './timers.ts';
import type { Turn } from './turn.ts';

/** RFC 9568 §6.4.3, and what keeps the addresses ours, and known to be ours, meanwhile. */

export function advertInActive(turn: Turn, standing: ActiveStanding, advert: Advert): void {
  const { state, rules, now } = turn;
  const { source, priority: theirs } = advert;
  if (theirs === LEAVING) {
    answer(turn, standing);
    return;
  }
  hear(turn, advert);
  const ours = priorityOf(state, rules);
  if (theirs === OWNER && ours === OWNER) turn.alarm({ kind: 'two-owners', source });
  if (theirs > ours || (theirs === ours && isGreater(source, state))) {
    // It may not know that there were two: by this it does, and tells all who have listened to us.
    advertise(turn);
    learn(turn, advert);
    enterBackup(turn, { kind: theirs > ours ? 'outranked' : 'tie', source, theirs, ours });
    return;
  }
  const silentFor = now - standing.advertisedAt;
  if (silentFor > supersededAfter(rules.interval)) {
    // It took over from one that was dead to all others. Whether it is to be preempted, a backup knows.
    learn(turn, advert);
    enterBackup(turn, { kind: 'superseded', source, stalled: silentFor });
    return;
  }
  contest(turn, standing, source, theirs, ours);
}

/**
 * Two are active, and the other will give way: it hears so at once. Who has listened to it must hear as well where the addresses
 * are: without that, clients of a healed partition went on asking the wrong node. Two who each hold that they win, as the
 * other sees other addresses than they do, would answer each other as fast as the network can; so one answer has to do for a while.
 */
function contest(turn: Turn, standing: ActiveStanding, source: string, theirs: Priority, ours: Priority): void {
  const { now, rules } = turn;
  answer(turn, standing);
  // One that is preempted says so once more; where the addresses are has just been told.
  if (EXPECTS_ANOTHER.has(standing.cause) && now - turn.state.since < rules.interval) return;
  if (provoked(turn)) turn.alarm({ kind: 'two-actives', source, theirs, ours });
}

function answer(turn: Turn, standing: ActiveStanding): void {
  const { now, rules } = turn;
  if (standing.answeredAt !== undefined && now - standing.answeredAt < rules.interval / 2) return;
  turn.stay({ ...standing, answeredAt: now });
  advertise(turn);
}

/** With these somebody was active just before. */
const EXPECTS_ANOTHER: ReadonlySet<Cause> = new Set(['preemption', 'ownership', 'group', 'farewell']);

export function conflictInActive(turn: Turn, { address, mac }: Extract<InstanceEvent, { kind: 'conflict' }>): void {
  if (provoked(turn)) turn.alarm({ kind: 'conflict', address, mac });
}

/** A burst, unless there was one just now: then it waits. */
function provoked(turn: Turn): boolean {
  const { standing } = turn.state;
  if (standing.role !== 'active') return false;
  const free = (standing.provokedAt ?? -Infinity) + CALM;
  if (turn.now < free) {
    turn.stay({ ...standing, announceAt: Math.min(standing.announceAt ?? Infinity, free) });
    return false;
  }
  const { count, delay } = turn.rules.announcements;
  turn.act({ kind: 'announce', count });
  const announceAt = delay > 0 ? turn.now + delay : undefined;
  turn.stay({ ...standing, provokedAt: turn.now, announceAt });
  return true;
}

/** Puts it back; whoever fights us for it gets one answer a second, and a person hears of it. */
export function removedInActive(turn: Turn, standing: ActiveStanding, address: string): void {
  const free = (standing.restoredAt ?? -Infinity) + CALM;
  if (turn.now < free) {
    turn.stay({ ...standing, restoreAt: free });
    return;
  }
  turn.alarm({ kind: 'address-removed', address });
  restore(turn, standing, address);
}

function restore(turn: Turn, standing: ActiveStanding, address: string | undefined): void {
  turn.stay({ ...standing, restoredAt: turn.now, restoreAt: undefined });
  turn.act({ kind: 'add', address }, { kind: 'announce', count: 1 });
}

export function hookedInActive(turn: Turn, standing: ActiveStanding, question: number, isGood: boolean): void {
  if (standing.preparing === undefined || question !== turn.state.question) return;
  if (!isGood) alarmOf(turn, standing.preparing.step, 'failed');
  prepareOn(turn, standing);
}

/** That connections have not ended in time is no failure: those that are left are cut. */
function alarmOf(turn: Turn, step: LeaveStep, outcome: 'failed' | 'late'): void {
  if (step !== 'drain') turn.alarm({ kind: 'hook-failed', hook: step, outcome });
}

/** Something of what is tracked, or of what is known of peers, has changed. */
export function reconsiderActive(turn: Turn, standing: ActiveStanding, before: Priority | undefined): void {
  const { weak } = faultsOf(turn.state, turn.rules);
  const isOffered = standing.preparing !== undefined || standing.offerAt !== undefined;
  if (weak.length === 0) {
    turn.stay({ ...standing, offerAt: undefined });
  } else if (!isOffered) {
    leave(turn, { kind: 'fault', reason: { kind: 'fault', what: weak } });
    return;
  }
  if (priorityOf(turn.state, turn.rules) !== before) advertise(turn);
}

export function timeInActive(turn: Turn): void {
  for (const job of JOBS) {
    const { standing } = turn.state;
    if (standing.role !== 'active') return;
    if (turn.now >= dueAt(standing, job)) DO[job](turn, standing);
  }
}

export function wakeActive(standing: ActiveStanding): Ms {
  return Math.min(...JOBS.map((job) => dueAt(standing, job)));
}

/** In the order in which they are looked at: without a lease there may be nothing left to do. */
const JOBS = ['leaseUntil', 'advertiseAt', 'preparing', 'announceAt', 'refreshAt', 'restoreAt', 'offerAt'] as const;

function dueAt(standing: ActiveStanding, job: (typeof JOBS)[number]): Ms {
  return (job === 'preparing' ? standing.preparing?.until : standing[job]) ?? Infinity;
}

const DO: Readonly<Record<(typeof JOBS)[number], (turn: Turn, standing: ActiveStanding) => void>> = {
  leaseUntil: loseLease,
  advertiseAt: advertiseInTime,
  preparing(turn, standing) {
    if (standing.preparing !== undefined) alarmOf(turn, standing.preparing.step, 'late');
    prepareOn(turn, standing);
  },
  announceAt(turn, standing) {
    turn.act({ kind: 'announce', count: turn.rules.announcements.count });
    askWhoElse(turn);
    turn.stay({ ...standing, announceAt: undefined });
  },
  refreshAt(turn, standing) {
    const { refresh } = turn.rules.announcements;
    turn.act({ kind: 'announce', count: 1 });
    askWhoElse(turn);
    turn.stay({ ...standing, refreshAt: refresh > 0 ? turn.now + refresh : undefined });
  },
  restoreAt(turn, standing) {
    restore(turn, standing, undefined);
  },
  offerAt(turn, standing) {
    // Not before the next time, should this one come to nothing.
    turn.stay({ ...standing, offerAt: turn.now + offerInterval(turn.rules.interval) });
    leave(turn, { kind: 'fault', reason: { kind: 'fault', what: faultsOf(turn.state, turn.rules).weak } });
  },
};

/**
 * One whose advertisements do not come here, and who has the addresses as well, answers for them: that is told as a conflict. Not while
 * who has just given them away still answers; and not by IPv6, where the answer would go to all, and they would believe it.
 */
function askWhoElse(turn: Turn): void {
  const { rules, state, now } = turn;
  if (rules.probe === 'off' || rules.family === 6 || now - state.since < 2 * lingerTime(rules.interval)) return;
  turn.act({ kind: 'probe' });
}

/** The next is counted from when this one was due, so that they do not drift; what was slept through is not caught up on. */
function advertiseInTime(turn: Turn, { advertiseAt, advertisedAt }: ActiveStanding): void {
  const { rules, now } = turn;
  const silentFor = now - advertisedAt;
  // Who took over meanwhile has been heard before the time is looked at; so nobody did, or nobody can be heard.
  if (silentFor > supersededAfter(rules.interval)) turn.alarm({ kind: 'stalled', for: silentFor });
  advertise(turn);
  const next = advertiseAt + rules.interval;
  const { standing } = turn.state;
  if (standing.role === 'active' && next > now) turn.stay({ ...standing, advertiseAt: next });
}

export function loseLease(turn: Turn, standing: ActiveStanding): void {
  const policy = turn.rules.witness?.policy ?? 'plain';
  turn.alarm({ kind: 'lease-lost', policy });
  if (policy === 'strict') {
    sayGoodbye(turn);
    enterBackup(turn, { kind: 'lease-lost' });
  } else {
    turn.stay({ ...standing, leaseUntil: undefined });
  }
}
