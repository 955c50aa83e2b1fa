import type { Ms } from '../../base/units.ts';
import { OWNER, type Reason, type Refusal } from '../model.ts';
import { deadline } from './backup.ts';
import { faultsOf, priorityOf } from './fitness.ts';
import { isAlive } from './hearing.ts';
import { type InstanceRules, isSourceTrack, type Preempt } from './rules.ts';
import type { InstanceState, LeaveStep } from './state.ts';

/** An instance in words, for `portico vrrp status`. */

/**
 * One sentence: `active since 2026-11-21T10:00:00Z, because …; would yield to …`. `now` is of the same clock as the state,
 * `wall` the same moment in epoch milliseconds.
 */
export function explain(state: InstanceState, rules: InstanceRules, now: Ms, wall: Ms): string {
  const since = new Date(wall - (now - state.since)).toISOString().replace(/\.\d+Z$/, 'Z');
  const outlook = outlookOf(state, rules, now);
  return `${state.standing.role} since ${since}, because ${reasonInWords(state.reason)}${outlook === '' ? '' : `; ${outlook}`}`;
}

/** Why, in words that follow "because". */
export function reasonInWords(reason: Reason): string {
  switch (reason.kind) {
    case 'started':
      return 'it was started';
    case 'stopped':
      return 'it was stopped';
    case 'ownership':
      return 'it owns the addresses (priority 255)';
    case 'recovered':
      return 'what was down is up again';
    case 'silence':
      return `${reason.source ?? 'nobody'} ${reason.source === undefined ? 'advertised' : 'was silent'} for ${seconds(reason.for)}`;
    case 'farewell':
      return `${reason.source} said goodbye (priority 0)`;
    case 'preemption':
      return `${reason.source} has the lower priority (${reason.theirs}, ours ${reason.ours})`;
    case 'outranked':
      return `${reason.source} advertises priority ${reason.theirs} (ours ${reason.ours})`;
    case 'tie':
      return `${reason.source} advertises the same priority (${reason.theirs}) from the greater address`;
    case 'successor':
      return `${reason.source} is active (priority ${reason.theirs}, ours ${reason.ours})`;
    case 'superseded':
      return `${reason.source} took over while this node stood still for ${seconds(reason.stalled)}`;
    case 'fault':
      return missing(reason.what);
    case 'last-resort':
      return `nobody else took the addresses, although ${missing(reason.what)}`;
    case 'handover':
      return `${reason.by} handed over${quoted(reason.why)}`;
    case 'release':
      return `${reason.by} released it${quoted(reason.why)}`;
    case 'resume':
      return `${reason.by} resumed it${quoted(reason.why)}`;
    case 'asked':
      return `${reason.source} asked for the addresses with priority ${reason.theirs}`;
    case 'nobody-came':
      return 'nobody took over after a goodbye';
    case 'group':
      return `${reason.instance} of the same sync group is`;
    case 'lease-lost':
      return 'its lease ended: neither peers nor witness renewed it';
    case 'guard':
      return refusalInWords(reason.refusal);
  }
}

export function refusalInWords(refusal: Refusal): string {
  switch (refusal.by) {
    case 'probe':
      return `the addresses answer from ${list(refusal.macs)}, although nobody advertises`;
    case 'witness':
      return refusal.vote === 'denied' ? 'the lease is with another node' : 'no majority answered for the lease';
    case 'fence':
      return refusal.outcome === 'late' ? 'the fence hook did not end in time' : 'the fence hook failed';
  }
}

/** Before it says goodbye. */
function waitsFor(step: LeaveStep): string {
  const what = step === 'drain' ? 'connections to end' : `the ${step} hook`;
  return `gives the addresses away, and waits for ${what}`;
}

function outlookOf(state: InstanceState, rules: InstanceRules, now: Ms): string {
  const { standing } = state;
  switch (standing.role) {
    case 'active':
      return standing.preparing === undefined ? yieldsTo(state, rules) : waitsFor(standing.preparing.step);
    case 'backup':
      return [watches(state, now), `takes over ${takesOver(state, rules, now)}`].join('; ');
    case 'claiming':
      return { ask: 'asks for the lease', fence: 'fences the other node', prepare: 'prepares to add the addresses' }[
        standing.step
      ];
    case 'leaving':
      return 'keeps the addresses until a successor advertises';
    case 'fault':
      return faultInWords(state, rules);
    case 'released':
      return 'takes no part until it is resumed';
    case 'stopped':
      return '';
  }
}

function yieldsTo(state: InstanceState, rules: InstanceRules): string {
  const priority = priorityOf(state, rules);
  const equal = `the same from an address above ${state.source}`;
  const yields = priority >= OWNER ? equal : `a priority above ${priority}, or ${equal}`;
  const { weak } = faultsOf(state, rules);
  return `advertises ${priorityInWords(priority, rules)}, would yield to ${yields}${weak.length === 0 ? '' : `, and to anybody well: ${list(weak)} not as needed`}`;
}

function watches({ heard }: InstanceState, now: Ms): string {
  if (heard === undefined) return 'hears nobody';
  const last = `${heard.source} with priority ${heard.priority}`;
  return isAlive(heard, now) ? `hears ${last}` : `heard ${last} last, ${seconds(now - heard.at)} ago`;
}

function takesOver(state: InstanceState, rules: InstanceRules, now: Ms): string {
  const { standing, maintenance } = state;
  if (standing.role !== 'backup') return '';
  const priority = priorityOf(state, rules);
  const due = Math.max(0, deadline(standing, state, rules) - now);
  const silence = `after ${seconds(due)} of silence, with ${priorityInWords(priority, rules)}`;
  if (maintenance !== undefined) return `${silence}; from no lower one, as ${maintenance.by} handed over`;
  return `${silence}${preemption(rules.preempt)}`;
}

function preemption(preempt: Preempt): string {
  if (preempt === 'always') return '; from a lower priority as well';
  if (preempt === 'never') return '; never from one that advertises';
  return `; from a lower priority after ${seconds(preempt)}`;
}

function faultInWords(state: InstanceState, rules: InstanceRules): string {
  const { vital, weak } = faultsOf(state, rules);
  const what = [...vital, ...weak];
  return what.length === 0 ? '' : `waits for ${list(what)}`;
}

function missing(what: readonly string[]): string {
  return `${list(what)} ${what.length === 1 ? 'is' : 'are'} not ${what.every(isSourceTrack) ? 'there' : 'as needed'}`;
}

function priorityInWords(priority: number, rules: InstanceRules): string {
  return priority === rules.priority ? `priority ${priority}` : `priority ${priority} (configured ${rules.priority})`;
}

function seconds(time: Ms): string {
  return time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`;
}

function quoted(why: string): string {
  return why === '' ? '' : ` (${why})`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
