import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchmark } from './benchmark.ts';
import { benchmarkDns } from './dns/benchmark.ts';
import { plannedDnsSeconds } from './dns/measure.ts';
import { DNS_USAGE, parseDnsOptions } from './dns/options.ts';
import { DNS_KINDS } from './dns/servers.ts';
import { plannedSeconds } from './measure.ts';
import { parseOptions, USAGE, UsageError } from './options.ts';
import { Processes } from './processes.ts';
import { formatReport, type Report } from './report.ts';
import { KINDS } from './servers.ts';

/**
 * `npm run bench`: Portico and its peers in front of one origin, at the same work, in turn; `npm run bench -- dns`: the
 * same of name servers; `npm run bench -- vrrp`: pairs of routers. bench/README.md says how to read it.
 *
 * Exit status: 0 the figures are there; 1 something failed, or a row is invalid; 2 wrong usage; 130 interrupted. A
 * missed aim is told and is no failure: a machine with other work to do misses it too.
 */
async function main(args: readonly string[]): Promise<number> {
  try {
    // What it needs is that of tests.
    if (args[0] === 'vrrp') return await (await import('./vrrp/run.ts')).benchVrrp(args.slice(1));
    const suite = args[0] === 'dns' ? dnsSuite(args.slice(1)) : httpSuite(args);
    if (typeof suite === 'string') {
      console.log(suite);
      return 0;
    }
    return await run(suite);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof Interrupted) return 130;
    return error instanceof UsageError ? 2 : 1;
  }
}

class Interrupted extends Error {}

/** What a run is to do. */
interface Suite {
  readonly json: boolean;
  readonly plannedSeconds: number;
  readonly benchmark: (processes: Processes, directory: string, signal: AbortSignal) => Promise<Report>;
}

/** How it is used, when that was asked. */
function httpSuite(args: readonly string[]): Suite | string {
  const options = parseOptions(args);
  if (options === undefined) return USAGE;
  return {
    json: options.json,
    plannedSeconds: plannedSeconds(options, KINDS),
    benchmark: (...context) => benchmark(options, ...context),
  };
}

/** Likewise. */
function dnsSuite(args: readonly string[]): Suite | string {
  const options = parseDnsOptions(args);
  if (options === undefined) return DNS_USAGE;
  return {
    json: options.json,
    plannedSeconds: plannedDnsSeconds(options, DNS_KINDS),
    benchmark: (...context) => benchmarkDns(options, ...context),
  };
}

async function run(suite: Suite): Promise<number> {
  if (process.platform !== 'linux') throw new Error('needs Linux: CPU time is read from /proc');
  process.umask(0o022); // Servers that give up root still have to read their files.
  const processes = new Processes();
  const directory = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  // The last resort, for an exception of ours too; there is nothing left to do when all has gone well.
  process.on('exit', () => {
    processes.killNow();
    rmSync(directory, { recursive: true, force: true });
  });
  try {
    await chmod(directory, 0o755);
    const report = await suite.benchmark(processes, directory, stopSignal(suite));
    console.log(suite.json ? JSON.stringify(report, null, 2) : formatReport(report));
    return report.complete ? 0 : 1;
  } finally {
    await processes.close();
  }
}

/** Aborts on the first Ctrl-C, and when the run takes far longer than planned. A second Ctrl-C ends us at once. */
function stopSignal(suite: Suite): AbortSignal {
  const stop = new AbortController();
  const interrupt = (name: string) => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Interrupted(`ended by ${name}`));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, interrupt);
  const limit = Math.ceil(suite.plannedSeconds * 1.5) + 90;
  setTimeout(() => stop.abort(new Error(`not done after ${limit} s`)), limit * 1000).unref();
  return stop.signal;
}

process.exit(await main(process.argv.slice(2)));
