import type { Balanced, Candidate, OriginsView } from '../../../../src/proxy/pool/balance/policy.ts';
import { parseHead } from '../request.ts';

/** Candidates by their weights: origins app0, app1, … at the positions 0, 1, … */
export function candidates(weights: readonly number[]): Candidate[] {
  return weights.map((weight, position) => ({ position, weight, name: `app${position}` }));
}

export const REQUEST: Balanced = request('/');

export function request(target: string, fields: readonly string[] = [], address = '192.0.2.1'): Balanced {
  return { head: parseHead(target, fields), client: { address } };
}

/** What a policy is shown. */
export function scene({
  excluded = [],
  loads = [],
  latencies = [],
}: {
  readonly excluded?: readonly number[];
  readonly loads?: readonly number[];
  readonly latencies?: readonly number[];
} = {}): OriginsView {
  return {
    excluded: (position) => excluded.includes(position),
    load: (position) => loads[position] ?? 0,
    latency: (position) => latencies[position] ?? 0,
  };
}
