import { type Grade, OWNER, type Priority } from '../model.ts';
import type { InstanceRules, Track } from './rules.ts';
import type { InstanceState, Tracked } from './state.ts';

/**
 * How what is tracked changes the priority, and when it is a fault. That something is slow alone never makes a node that
 * has the addresses give them up, unless it is known that a peer is better off: the peer may be as slow.
 */

/** `vital`: nothing can be served. `weak`: others should serve, if there are any. */
export interface Faults {
  readonly vital: readonly string[];
  readonly weak: readonly string[];
}

export function faultsOf(state: InstanceState, rules: InstanceRules): Faults {
  const faulty = rules.tracks.filter((track) => track.weight === 0 && statusOf(track, state).status === 'down');
  const slow = rules.tracks.filter((track) => track.weight === 0 && statusOf(track, state).status === 'slow');
  const vital = names(faulty.filter(({ isVital }) => isVital));
  const others = isBetter(state.peer, gradeOf(state, rules));
  // Who is known to be no better would serve no better.
  const weak = [
    ...(others === false ? [] : names(faulty.filter(({ isVital }) => !isVital))),
    ...(others === true ? names(slow) : []),
  ];
  return { vital, weak };
}

/** What it advertises when it is active. RFC 9568 §6.1, and the weights of what is tracked within 1 to 254. */
export function priorityOf(state: InstanceState, rules: InstanceRules): Priority {
  if (faultsOf(state, rules).weak.length > 0) return 1;
  if (rules.priority === OWNER) return OWNER;
  const sum = rules.tracks.reduce((total, track) => total + addition(track, state, rules), rules.priority);
  return Math.min(254, Math.max(1, Math.round(sum)));
}

/** What peers are told. */
export function gradeOf(state: InstanceState, { tracks }: InstanceRules): Grade {
  let grade: Grade = 3;
  for (const track of tracks) {
    const { status } = statusOf(track, state);
    if (status === 'up') continue;
    if (status === 'slow' || track.weight !== 0) grade = Math.min(grade, 2) as Grade;
    else grade = Math.min(grade, track.isVital ? 0 : 1) as Grade;
  }
  return grade;
}

function addition(track: Track, state: InstanceState, rules: InstanceRules): number {
  const { status, adds } = statusOf(track, state);
  if (track.weight === 'told') return adds;
  const isUp = status === 'up' || (status === 'slow' && !countsSlowness(state, rules));
  return isUp ? Math.max(0, track.weight) : Math.min(0, track.weight);
}

function countsSlowness(state: InstanceState, rules: InstanceRules): boolean {
  return state.standing.role !== 'active' || isBetter(state.peer, gradeOf(state, rules)) === true;
}

/** `undefined`: it is not known. */
function isBetter(peer: Grade | undefined, own: Grade): boolean | undefined {
  return peer === undefined ? undefined : peer > own;
}

function statusOf({ name }: Track, { tracks }: InstanceState): Tracked {
  return tracks[name] ?? UP;
}

const UP: Tracked = { status: 'up', adds: 0 };

function names(tracks: readonly Track[]): readonly string[] {
  return tracks.map(({ name }) => name);
}
