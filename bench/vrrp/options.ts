import { count, pick, read } from '../options.ts';
import { TRIALS, type Trial } from './trials.ts';

/** What a run is asked to do. */
export interface VrrpOptions {
  readonly trials: readonly Trial[];
  /** How often each pair does each. */
  readonly repeats: number;
  readonly json: boolean;
}

export const VRRP_USAGE = `npm run bench -- vrrp [options]

  --only NAME,…     only these: ${TRIALS.map(({ name }) => name).join(', ')}
  --repeats N       how often each pair does each; the median counts (5)
  --json            the figures as JSON on standard output`;

/** Throws a `UsageError` that says what is wrong. `undefined`: only help was asked for. */
export function parseVrrpOptions(args: readonly string[]): VrrpOptions | undefined {
  const values = read(args, {
    only: { type: 'string' },
    repeats: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  });
  if (values.help) return undefined;
  return {
    trials: pick('--only', values.only, TRIALS, ({ name }) => name),
    repeats: count('--repeats', values.repeats, 100),
    json: values.json,
  };
}
