import type { DatacenterRefusal, Outcome, Refusal } from '../../operator/commands.ts';
import { Problem, type ProblemKind } from '../problem.ts';

/** The value of what was done; or throws, as a problem, why it was not. */
export function done<T>(outcome: Outcome<T, Refusal | DatacenterRefusal>): T {
  if (outcome.ok) return outcome.value;
  const { kind, detail } = outcome.refusal;
  throw new Problem(KINDS[kind], detail);
}

/** A record, so that the compiler sees that none is missing. */
const KINDS: Readonly<Record<(Refusal | DatacenterRefusal)['kind'], ProblemKind>> = {
  'unknown-pool': 'unknown-pool',
  'unknown-origin': 'unknown-origin',
  'unknown-datacenter': 'unknown-datacenter',
  'last-active-origin': 'last-active-origin',
  'last-datacenter': 'last-datacenter',
  'version-mismatch': 'version-mismatch',
  duplicate: 'duplicate',
  invalid: 'invalid',
  'not-kept': 'not-kept',
};
