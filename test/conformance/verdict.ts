/** What the suite thinks of one test, and what becomes of it in our tables. */

export const KINDS = ['required', 'optimal', 'check'] as const;

/** required: a failure breaks the specification. optimal: it misses a reuse. check: neither is right or wrong. */
export type Kind = (typeof KINDS)[number];

export type Verdict =
  | 'pass'
  | 'yes'
  | 'no'
  | 'fail'
  | 'optional_fail'
  | 'dependency_fail'
  | 'setup_fail'
  | 'retry'
  | 'harness_fail'
  | 'untested';

/** The suite gives its verdict as a row of symbols; the third is the one for terminals. */
export const VERDICTS: Readonly<Record<string, Verdict>> = {
  '✅': 'pass',
  Y: 'yes',
  N: 'no',
  '⛔️': 'fail',
  '⚠️': 'optional_fail',
  '⚪️': 'dependency_fail',
  '🔹': 'setup_fail',
  '↻': 'retry',
  '⁉️': 'harness_fail',
  '-': 'untested',
};

export interface TestOutcome {
  readonly id: string;
  /** The suite's group of tests: `cc-freshness`. */
  readonly category: string;
  readonly kind: Kind;
  /** What it asks, in words. */
  readonly asks: string;
  /** Of the suite, its dependencies honoured. */
  readonly verdict: Verdict;
  /** What the client found wrong; empty when nothing is, as where only a dependency failed. */
  readonly message: string;
}

export function hasPassed({ verdict }: TestOutcome): boolean {
  return verdict === 'pass' || verdict === 'yes';
}
