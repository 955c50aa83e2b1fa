import type { DatacenterSettings } from '../config.ts';
import type { CheckRules, WatchedDatacenter } from './model.ts';

/** What of a datacenter is asked whether it is well. */

/** Where a node's admin listener is by default. */
const READINESS_PORT = 8400;

/** `ca`: the PEM of the file that its settings name. */
export function watchedDatacenter(
  name: string,
  { addresses, check }: DatacenterSettings,
  ca: string | undefined,
): WatchedDatacenter {
  if (check === 'off') return { name, check };
  const { url, interval, timeout, rise, fall, verify } = check;
  const urls = url === undefined ? addresses.map(readinessUrl) : [url];
  return { name, check: { urls, interval, timeout, rise, fall, verify, ca } };
}

function readinessUrl(address: string): string {
  return `https://${address.includes(':') ? `[${address}]` : address}:${READINESS_PORT}/readyz`;
}

/** What a check has found; that of `src/health` is one. */
export interface Finding {
  /** What is wrong, in words; `undefined`: all is well. */
  readonly problem: string | undefined;
}

/** Asks once. Resolves with `undefined` when `signal` has ended it, or it could not be made. Never rejects. */
export type Run = (signal: AbortSignal) => Promise<Finding | undefined>;

/** How one URL is asked. Handed in by control. */
export type Probe = (url: string, rules: Omit<CheckRules, 'urls'>) => Run;

/** Asks all of them at once: one that is well is enough, and the others are not waited for. */
export function anyWell(runs: readonly (readonly [url: string, run: Run])[]): Run {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return only[1];
  return (signal) => firstGood(runs, signal);
}

async function firstGood(
  runs: readonly (readonly [url: string, run: Run])[],
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const rest = new AbortController();
  const abort = () => rest.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const { promise: good, resolve } = Promise.withResolvers<Finding>();
  const all = Promise.all(
    runs.map(async ([, run]) => {
      const finding = await run(rest.signal);
      if (finding !== undefined && finding.problem === undefined) resolve(finding);
      return finding;
    }),
  );
  const found = await Promise.race([good, all.then((findings) => together(runs, findings))]);
  signal.removeEventListener('abort', abort);
  rest.abort();
  return found;
}

/** Where one could not be asked from here, and no other is good, nothing is known. */
function together(
  runs: readonly (readonly [url: string, run: Run])[],
  findings: readonly (Finding | undefined)[],
): Finding | undefined {
  const good = findings.find((finding) => finding !== undefined && finding.problem === undefined);
  if (good !== undefined || findings.includes(undefined)) return good;
  const told = findings.map((finding, index) => `${new URL(runs[index]?.[0] as string).host}: ${finding?.problem}`);
  return { problem: told.join('; ') };
}
