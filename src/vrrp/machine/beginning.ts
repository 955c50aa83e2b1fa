import type { Ms } from '../../base/units.ts';
import { OWNER, type Priority, type Reason } from '../model.ts';
import { reconsiderActive } from './active.ts';
import { claim, enterBackup, enterIdle, sayGoodbyeInHaste } from './entering.ts';
import { faultsOf } from './fitness.ts';
import type { LeavingStanding } from './state.ts';
import type { Turn } from './turn.ts';

/** Whether an instance takes part at all: as it starts, and whenever what that depends on changes. */

/** RFC 9568 §6.4.1. `after`: so much longer it only listens. */
export function begin(turn: Turn, reason: Reason, after: Ms = 0): void {
  const { state, rules, now } = turn;
  const { maintenance } = state;
  const { vital, weak } = faultsOf(state, rules);
  const timer = { from: now + after, wait: 'down' } as const;
  if (maintenance?.kind === 'release') enterIdle(turn, 'released', maintenance);
  else if (vital.length > 0) enterIdle(turn, 'fault', { kind: 'fault', what: vital });
  else if (weak.length > 0 && rules.lastResort === 'release') enterIdle(turn, 'fault', { kind: 'fault', what: weak });
  else if (rules.priority === OWNER && weak.length === 0 && maintenance === undefined) {
    claim(turn, 'ownership', { kind: 'ownership' }, timer);
  } else enterBackup(turn, reason, timer);
}

/** After news of what is tracked, of peers, or other rules. `before`: the priority, if that is known. */
export function reconsider(turn: Turn, before: Priority | undefined): void {
  const { state, rules } = turn;
  const { vital, weak } = faultsOf(state, rules);
  const what = [...vital, ...(rules.lastResort === 'release' ? weak : [])];
  const fault: Reason = { kind: 'fault', what };
  switch (state.standing.role) {
    case 'stopped':
    case 'released':
      return;
    case 'fault':
      if (what.length === 0) begin(turn, { kind: 'recovered' });
      return;
    case 'backup':
    case 'claiming':
      if (what.length > 0) enterIdle(turn, 'fault', fault);
      return;
    case 'leaving':
      if (vital.length > 0) enterIdle(turn, goalOf(state.standing), fault);
      return;
    case 'active':
      if (vital.length === 0) {
        reconsiderActive(turn, state.standing, before);
        return;
      }
      // Nothing is kept for a successor: whoever comes here is not served.
      sayGoodbyeInHaste(turn);
      enterIdle(turn, 'fault', fault);
  }
}

function goalOf({ why }: LeavingStanding): 'stopped' | 'released' | 'fault' {
  if (why.kind === 'stop') return 'stopped';
  return why.kind === 'release' ? 'released' : 'fault';
}
