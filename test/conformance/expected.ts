import { scoreOf } from './report.ts';
import type { Suite } from './suite.ts';
import { hasPassed, type TestOutcome } from './verdict.ts';

/** What Portico has to reach in each suite, and which tests it does not pass, each with its reason. */
export interface Expectation {
  readonly required: number;
  readonly optimal: number;
  /** Required and optimal tests; checks are information, neither right nor wrong. */
  readonly notPassed: Readonly<Record<string, string>>;
}

const INVALID_AGE =
  'takes a response with an invalid Age for stale; RFC 9111 §5.1 has an invalid Age ignored, and the newest suite asks for that';
const HANG_UP =
  'wants a response from an origin that has hung up; not to serve the stale one is all that can be done, and the newest suite asks for no more';
const ANOTHER_TAG =
  'wants a stored response freshened by a 304 that has another strong entity tag; RFC 9111 §4.3.4 forbids that, and the newest suite only looks what is done';
const EARLIER_DATE =
  'wants a 304 for a date fifty minutes before the Date of the stored response, which without Last-Modified is what RFC 9111 §4.3.2 compares with';

/** What the package on npm has wrong: these cannot be passed by a cache that keeps to RFC 9111. */
const NPM_ERRORS: Readonly<Record<string, string>> = {
  'age-parse-nonnumeric': INVALID_AGE,
  'age-parse-negative': INVALID_AGE,
  'age-parse-float': INVALID_AGE,
  'age-parse-prefix-twoline': INVALID_AGE,
  'age-parse-dup-0': INVALID_AGE,
  'age-parse-dup-0-twoline': INVALID_AGE,
  'age-parse-dup-old': INVALID_AGE,
  'stale-close-must-revalidate': HANG_UP,
  'stale-close-proxy-revalidate': HANG_UP,
  'stale-close-no-cache': HANG_UP,
  'stale-close-s-maxage=2': HANG_UP,
  '304-etag-update-response-ETag': ANOTHER_TAG,
};

export const EXPECTED: Readonly<Record<Suite['name'], Expectation>> = {
  npm: { required: 153, optimal: 94, notPassed: { ...NPM_ERRORS, 'conditional-lm-fresh-no-lm': EARLIER_DATE } },
  newest: { required: 160, optimal: 104, notPassed: { 'conditional-lm-fresh-no-lm': EARLIER_DATE } },
};

/** What differs from what is expected, a line each; empty when nothing does. */
export function surprises(outcomes: readonly TestOutcome[], { required, optimal, notPassed }: Expectation): string[] {
  const failed = outcomes.filter((outcome) => outcome.kind !== 'check' && !hasPassed(outcome));
  const known = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  const lines = failed
    .filter(({ id }) => notPassed[id] === undefined)
    .map(({ id, kind, verdict, message }) => `${id} (${kind}) is not passed: ${verdict}${message && `, ${message}`}`);
  for (const id of Object.keys(notPassed)) {
    const outcome = known.get(id);
    if (outcome === undefined) lines.push(`${id} is expected not to pass, and is no test`);
    else if (hasPassed(outcome)) lines.push(`${id} is expected not to pass, and passes`);
  }
  for (const [kind, least] of [
    ['required', required],
    ['optimal', optimal],
  ] as const) {
    const { passed, all } = scoreOf(outcomes, kind);
    if (passed < least) lines.push(`${passed} of ${all} ${kind} tests are passed, expected at least ${least}`);
  }
  return lines;
}
