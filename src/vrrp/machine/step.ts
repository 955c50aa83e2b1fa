import type { Ms } from '../../base/units.ts';
import { type Advert, type Cause, LEAVING } from '../model.ts';
import {
  advertInActive,
  conflictInActive,
  hookedInActive,
  loseLease,
  removedInActive,
  timeInActive,
  wakeActive,
} from './active.ts';
import { advertInBackup, answeredInBackup, timeInBackup, wakeBackup } from './backup.ts';
import { begin, reconsider } from './beginning.ts';
import { advertInClaim, answeredInClaim, hookedInClaim, timeInClaim, votedInClaim } from './claiming.ts';
import { command } from './command.ts';
import { claim, enterBackup, enterLeaving, isLeaseOver, leave, sayGoodbye } from './entering.ts';
import { priorityOf } from './fitness.ts';
import { hear } from './hearing.ts';
import { advertInLeaving, askedInLeaving, comeBack, depart, timeInLeaving, wakeLeaving } from './leaving.ts';
import type { InstanceRules } from './rules.ts';
import type { ActiveStanding, InstanceEvent, InstanceState, Kept, Stepped } from './state.ts';
import { Turn } from './turn.ts';

/** One VRRP instance: a function of what is held of it, what happened, and when. RFC 9568 §6.4 in the roles' files. */

/** Before its start. `kept`: of its last run. */
export function firstState(rules: InstanceRules, kept: Kept | undefined, now: Ms): InstanceState {
  return {
    standing: { role: 'stopped' },
    since: now,
    reason: { kind: 'stopped' },
    transitions: 0,
    source: '',
    activeInterval: rules.interval,
    heard: undefined,
    tracks: {},
    peer: undefined,
    maintenance: kept?.maintenance,
    question: 0,
  };
}

export function keptOf({ maintenance }: InstanceState): Kept {
  return { maintenance };
}

export function step(state: InstanceState, event: InstanceEvent, rules: InstanceRules, now: Ms): Stepped {
  const turn = new Turn(state, rules, now);
  take(turn, event);
  return turn.stepped;
}

/** When `time` has to be told; `Infinity`: it changes nothing. To be asked after each step. */
export function wakeAt(state: InstanceState, rules: InstanceRules): Ms {
  const { standing } = state;
  switch (standing.role) {
    case 'backup':
      return wakeBackup(standing, state, rules);
    case 'claiming':
      return standing.until;
    case 'leaving':
      return wakeLeaving(standing, rules);
    case 'active':
      return wakeActive(standing);
    default:
      return Infinity;
  }
}

function take(turn: Turn, event: InstanceEvent): void {
  const { standing } = turn.state;
  // It did not run when its lease ended: nothing that has come since finds it active.
  if (standing.role === 'active' && event.kind !== 'lease' && isLeaseOver(turn, standing.leaseUntil)) {
    loseLease(turn, standing);
  }
  takeWhole(turn, event);
}

function takeWhole(turn: Turn, event: InstanceEvent): void {
  const { state, rules } = turn;
  const { standing } = state;
  const before = priorityOf(state, rules);
  switch (event.kind) {
    case 'start':
      if (standing.role !== 'stopped') return;
      turn.set({ source: event.source });
      begin(turn, { kind: 'started' }, rules.startDelay);
      return;
    case 'source':
      turn.set({ source: event.address });
      return;
    case 'tracked': {
      const tracked = { status: event.status, adds: event.adds ?? 0 };
      turn.set({ tracks: { ...state.tracks, [event.name]: tracked } });
      reconsider(turn, before);
      return;
    }
    case 'peer':
      turn.set({ peer: event.grade });
      reconsider(turn, before);
      return;
    case 'reconfigured':
      reconsider(turn, undefined);
      return;
    case 'stop':
    case 'handover':
    case 'release':
    case 'resume':
      command(turn, event);
      return;
    default:
      takeInRole(turn, event);
  }
}

function takeInRole(turn: Turn, event: InstanceEvent): void {
  const { standing } = turn.state;
  switch (event.kind) {
    case 'time':
      takeTime(turn);
      return;
    case 'advert':
      takeAdvert(turn, event.advert);
      return;
    case 'answered':
      if (standing.role === 'backup') answeredInBackup(turn, standing, event.mac);
      else if (standing.role === 'claiming') answeredInClaim(turn, standing, event.mac);
      return;
    case 'voted':
      if (standing.role === 'claiming') votedInClaim(turn, standing, event);
      else if (standing.role === 'active' && event.question === turn.state.question) {
        turn.stay({ ...standing, leaseUntil: event.vote === 'granted' ? event.until : turn.now });
      }
      return;
    case 'lease':
      if (standing.role === 'claiming' || standing.role === 'active') {
        turn.stay({ ...standing, leaseUntil: event.until });
      } else if (standing.role === 'leaving' && standing.leaseUntil !== 'given') {
        turn.stay({ ...standing, leaseUntil: event.until });
      }
      return;
    case 'asked':
      if (standing.role === 'active') askedInActive(turn, standing, event);
      else if (standing.role === 'leaving') askedInLeaving(turn, standing);
      return;
    case 'hooked':
      if (standing.role === 'claiming') hookedInClaim(turn, standing, event.question, event.isGood);
      else if (standing.role === 'active') hookedInActive(turn, standing, event.question, event.isGood);
      return;
    case 'leave':
      if (standing.role === 'active' && standing.preparing?.step === 'drain')
        enterLeaving(turn, standing.preparing.why);
      return;
    case 'take':
    case 'yield':
      takeFromGroup(turn, event.kind, event.instance);
      return;
    default:
      if (standing.role === 'active') takeInActive(turn, standing, event);
  }
}

function takeTime(turn: Turn): void {
  const { standing } = turn.state;
  if (standing.role === 'backup') timeInBackup(turn, standing);
  else if (standing.role === 'claiming') timeInClaim(turn, standing);
  else if (standing.role === 'active') timeInActive(turn);
  else if (standing.role === 'leaving') timeInLeaving(turn, standing);
}

function takeAdvert(turn: Turn, advert: Advert): void {
  const { state, rules } = turn;
  const { standing } = state;
  if (advert.source === state.source) return;
  if (rules.version === 2 && advert.interval !== rules.interval) {
    turn.alarm({ kind: 'interval-mismatch', source: advert.source, theirs: advert.interval, ours: rules.interval });
    return;
  }
  if (standing.role === 'backup') advertInBackup(turn, standing, advert);
  else if (standing.role === 'claiming') advertInClaim(turn, standing, advert);
  else if (standing.role === 'active') advertInActive(turn, standing, advert);
  else if (standing.role === 'leaving') advertInLeaving(turn, standing, advert);
  else if (advert.priority === LEAVING) turn.set({ heard: undefined });
  else hear(turn, advert);
}

function takeInActive(turn: Turn, standing: ActiveStanding, event: InstanceEvent): void {
  if (event.kind === 'removed') removedInActive(turn, standing, event.address);
  else if (event.kind === 'conflict') conflictInActive(turn, event);
}

/** With these it knows of us, and has more right to the addresses; else it does not hear us. */
const PREEMPTING: ReadonlySet<Cause> = new Set(['preemption', 'ownership', 'group']);

/** It cannot have the lease as long as we have it, and would not advertise without one. */
function askedInActive(
  turn: Turn,
  { preparing }: ActiveStanding,
  { source, priority: theirs, cause }: Extract<InstanceEvent, { kind: 'asked' }>,
): void {
  if (!PREEMPTING.has(cause) || preparing !== undefined || theirs <= priorityOf(turn.state, turn.rules)) return;
  leave(turn, { kind: 'handover', reason: { kind: 'asked', source, theirs } });
  // Where nothing had to come first, it need not ask again.
  const { standing } = turn.state;
  if (standing.role === 'leaving') askedInLeaving(turn, standing);
}

function takeFromGroup(turn: Turn, kind: 'take' | 'yield', instance: string): void {
  const { standing } = turn.state;
  const reason = { kind: 'group', instance } as const;
  if (kind === 'take') {
    if (standing.role === 'backup') claim(turn, 'group', reason, standing.timer);
    else if (standing.role === 'leaving') comeBack(turn, standing, reason);
  } else if (standing.role === 'active') {
    sayGoodbye(turn);
    // It was about to go itself, for a reason that goes on: a stop, a release.
    if (standing.preparing === undefined) enterBackup(turn, reason);
    else depart(turn, standing.preparing.why);
  } else if (standing.role === 'claiming') {
    enterBackup(turn, reason);
  }
}
