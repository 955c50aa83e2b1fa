import type { AddressRefusal, DatacenterRefusal, Outcome, Refusal } from '../../operator/commands.ts';
import { Problem, type ProblemKind } from '../problem.ts';

type AnyRefusal = Refusal | DatacenterRefusal | AddressRefusal;

/** The value of what was done; or throws, as a problem, why it was not. */
export function done<T>(outcome: Outcome<T, AnyRefusal>): T {
  if (outcome.ok) return outcome.value;
  const { kind, detail } = outcome.refusal;
  throw new Problem(KINDS[kind], detail);
}

/** A record, so that the compiler sees that none is missing. */
const KINDS: Readonly<Record<AnyRefusal['kind'], ProblemKind>> = {
  'unknown-pool': 'unknown-pool',
  'unknown-origin': 'unknown-origin',
  'unknown-datacenter': 'unknown-datacenter',
  'unknown-instance': 'unknown-instance',
  'last-active-origin': 'last-active-origin',
  'last-datacenter': 'last-datacenter',
  'nothing-to-hand-over': 'nothing-to-hand-over',
  'version-mismatch': 'version-mismatch',
  duplicate: 'duplicate',
  invalid: 'invalid',
  'not-kept': 'not-kept',
  'agent-away': 'agent-away',
};
