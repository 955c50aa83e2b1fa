import { type Advert, LEAVING } from '../model.ts';
import { advertInBackup } from './backup.ts';
import { claimOn, enterBackup, refuse } from './entering.ts';
import { priorityOf } from './fitness.ts';
import { hear } from './hearing.ts';
import type { ClaimingStanding, InstanceEvent } from './state.ts';
import type { Turn } from './turn.ts';

/** Between the end of Active_Down_Timer and the first advertisement: what makes sure that there is nobody else. */

export function advertInClaim(turn: Turn, standing: ClaimingStanding, advert: Advert): void {
  if (advert.priority === LEAVING) {
    // It makes room for us.
    if (standing.cause === 'preemption') turn.stay({ ...standing, cause: 'farewell' });
    return;
  }
  const { source, priority: theirs } = advert;
  const ours = priorityOf(turn.state, turn.rules);
  const isLower = theirs < ours;
  if (isLower && standing.cause !== 'silence' && standing.cause !== 'farewell') {
    hear(turn, advert);
    return;
  }
  // Somebody is there after all. Whether it is to be preempted, a backup knows.
  const reason = { kind: isLower ? 'successor' : 'outranked', source, theirs, ours } as const;
  const backup = enterBackup(turn, reason, standing.timer);
  advertInBackup(turn, backup, advert);
}

export function votedInClaim(
  turn: Turn,
  standing: ClaimingStanding,
  { vote, question, until }: Extract<InstanceEvent, { kind: 'voted' }>,
): void {
  if (standing.step !== 'ask' || question !== turn.state.question) return;
  if (vote === 'granted') claimOn(turn, standing, until);
  else missVote(turn, standing, vote);
}

export function hookedInClaim(turn: Turn, standing: ClaimingStanding, question: number, isGood: boolean): void {
  if (standing.step === 'ask' || question !== turn.state.question) return;
  if (isGood) claimOn(turn, standing);
  else missHook(turn, standing, 'failed');
}

/** Of a claim that would go on if it was silence: the address answers, so somebody is there. */
export function answeredInClaim(turn: Turn, standing: ClaimingStanding, mac: string): void {
  if (standing.cause !== 'silence' || turn.rules.probe !== 'refuse') return;
  refuse(turn, { by: 'probe', macs: [mac] });
}

export function timeInClaim(turn: Turn, standing: ClaimingStanding): void {
  if (turn.now < standing.until) return;
  if (standing.step === 'ask') missVote(turn, standing, 'silent');
  else missHook(turn, standing, 'late');
}

function missVote(turn: Turn, standing: ClaimingStanding, vote: 'denied' | 'silent'): void {
  const refusal = { by: 'witness', vote } as const;
  if (turn.rules.witness?.policy !== 'plain') {
    refuse(turn, refusal);
    return;
  }
  turn.alarm({ kind: 'takeover-doubted', refusal });
  claimOn(turn, standing);
}

function missHook(turn: Turn, standing: ClaimingStanding, outcome: 'failed' | 'late'): void {
  if (standing.step === 'fence') {
    refuse(turn, { by: 'fence', outcome });
    return;
  }
  turn.alarm({ kind: 'hook-failed', hook: 'before_add', outcome });
  claimOn(turn, standing);
}
