import type { Reason } from '../model.ts';
import { begin } from './beginning.ts';
import { enterIdle, leave, sayGoodbyeInHaste } from './entering.ts';
import { comeBack, depart } from './leaving.ts';
import type { Departure, InstanceEvent } from './state.ts';
import type { Turn } from './turn.ts';

/** What an operator wants, and the end of the process. */

type Command =
  | Extract<InstanceEvent, { kind: 'stop' }>
  | { readonly kind: 'handover' | 'release' | 'resume'; readonly by: string; readonly why: string };

export function command(turn: Turn, event: Command): void {
  switch (event.kind) {
    case 'stop':
      if (event.atOnce) stopAtOnce(turn);
      else goAway(turn, { kind: 'stop', reason: { kind: 'stopped' } });
      return;
    case 'handover':
      // Who has nothing to hand over would be told to leave the addresses to nobody.
      if (turn.state.standing.role !== 'active') return;
      turn.set({ maintenance: { kind: 'handover', by: event.by, why: event.why } });
      goAway(turn, { kind: 'handover', reason: event });
      return;
    case 'release':
      turn.set({ maintenance: { kind: 'release', by: event.by, why: event.why } });
      goAway(turn, { kind: 'release', reason: event });
      return;
    case 'resume':
      resume(turn, event);
  }
}

function goAway(turn: Turn, why: Departure): void {
  const { standing } = turn.state;
  switch (standing.role) {
    case 'active':
      if (standing.preparing === undefined) leave(turn, why);
      else turn.stay({ ...standing, preparing: { ...standing.preparing, why } });
      return;
    case 'leaving':
      // Whoever stops stops.
      if (standing.why.kind !== 'stop') turn.stay({ ...standing, why });
      return;
    case 'stopped':
      return;
    default:
      if (why.kind === 'stop') enterIdle(turn, 'stopped', why.reason);
      else if (standing.role !== 'released') enterIdle(turn, 'released', why.reason);
  }
}

/** As RFC 9568 has it: priority 0, and the addresses are gone. */
function stopAtOnce(turn: Turn): void {
  const { role } = turn.state.standing;
  const reason: Reason = { kind: 'stopped' };
  if (role === 'stopped') return;
  if (role === 'active') sayGoodbyeInHaste(turn);
  if (role === 'leaving') depart(turn, { kind: 'stop', reason });
  else enterIdle(turn, 'stopped', reason);
}

function resume(turn: Turn, reason: Reason): void {
  const { standing } = turn.state;
  turn.set({ maintenance: undefined });
  if (standing.role === 'released') begin(turn, reason);
  else if (standing.role === 'leaving' && isOperators(standing.why)) comeBack(turn, standing, reason);
  else if (standing.role === 'active' && standing.preparing !== undefined && isOperators(standing.preparing.why)) {
    if (standing.preparing.step === 'drain') turn.act({ kind: 'serve' });
    turn.stay({ ...standing, preparing: undefined });
    turn.hook('start');
  }
}

function isOperators({ kind }: Departure): boolean {
  return kind === 'handover' || kind === 'release';
}
