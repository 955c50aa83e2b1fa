import type { WaitFor } from '../../operator/commands.ts';
import type { OriginState } from '../../operator/model.ts';

/** What can be waited for. */
export type Condition = Exclude<WaitFor, 'changed'>;

/** As `OperatorPort.wait` has it. */
export function holds(condition: Condition, origin: OriginState): boolean {
  const { drain, health, effective, observed, ignoreErrors } = origin;
  switch (condition) {
    case 'drained':
      return drain?.drained === true;
    case 'up':
      // Whom nobody checks takes requests.
      if (observed.unproven) return false;
      return (health === 'up' || health === 'unknown') && (ignoreErrors || observed.ejectedUntil === undefined);
    case 'active':
      if (observed.unproven) return false;
      return effective === 'active' || effective === 'standby' || effective === 'spare';
  }
}
