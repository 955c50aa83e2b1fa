import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from './processes.ts';
import { requireProgram } from './programs.ts';
import { CONNECTIONS, generatorFor, STREAMS, type Work } from './works.ts';

/** Drives wrk (HTTP/1.1) and h2load (HTTP/2) and reads what they report. */

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** What was received, with header fields: it proves that the answers were whole. */
  readonly bytes: number;
  /** What went wrong, such as `3 read errors`; empty when all is well. */
  readonly problems: readonly string[];
}

/** The one TLS 1.3 suite that is offered, so that no server gets a cheaper one than another. */
const SUITE = 'TLS_AES_128_GCM_SHA256';

/**
 * How much longer than asked a load generator may run. h2load 1.52 never ends when a connection was still being made
 * as its time was over, which happens on a machine that is far too busy to be measured.
 */
const GRACE_MS = 5_000;

const FILL_SCRIPT = join(import.meta.dirname, 'wrk-fill.lua');

/** How long a cache may take to be filled: a million objects at 2,500 a second. */
export const FILL_SECONDS = 400;

const REPORT_SCRIPT = join(import.meta.dirname, 'wrk-report.lua');

export class LoadGenerator {
  readonly #processes: Processes;
  readonly #cores: readonly number[] | undefined;
  readonly #threads: number;
  readonly #opensslConfig: string;

  /** `directory` is where the settings of OpenSSL are kept meanwhile. */
  constructor(processes: Processes, cores: readonly number[] | undefined, threads: number, directory: string) {
    this.#processes = processes;
    this.#cores = cores;
    this.#threads = threads;
    this.#opensslConfig = join(directory, 'openssl.cnf');
  }

  async prepare(): Promise<void> {
    await writeFile(this.#opensslConfig, opensslConfig());
  }

  /** Loads that URL for so many seconds. A generator that fails is a problem of this result, and ends no run. */
  async run(work: Work, url: string, seconds: number, signal: AbortSignal): Promise<LoadResult> {
    const generator = generatorFor(work);
    const command = generator === 'wrk' ? wrkCommand : h2loadCommand;
    const result = await this.#run(generator, command(url, seconds, this.#threads), seconds, signal);
    return withSizeCheck(result, work.bodyBytes);
  }

  /** Asks once for each of `count` objects, `PREFIX0`, `PREFIX1` and so on, below that URL. */
  async fill(url: string, prefix: string, count: number, signal: AbortSignal): Promise<LoadResult> {
    const start = performance.now();
    const result = await this.#run('wrk', fillCommand(url, prefix, count), FILL_SECONDS, signal);
    return { ...result, seconds: (performance.now() - start) / 1000 };
  }

  async #run(
    generator: 'wrk' | 'h2load',
    argv: [string, ...string[]],
    seconds: number,
    signal: AbortSignal,
  ): Promise<LoadResult> {
    const env = { OPENSSL_CONF: this.#opensslConfig };
    const child = this.#processes.start({ argv, cores: this.#cores, env });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + GRACE_MS)]);
    const stop = () => child.killTree();
    limit.addEventListener('abort', stop);
    const end = await child.ended;
    limit.removeEventListener('abort', stop);
    signal.throwIfAborted();

    const result = generator === 'wrk' ? readWrk(child.output) : readH2load(child.output);
    if (result !== undefined) return result;
    const problem = limit.aborted ? `${generator} did not end in time` : `${generator} failed (${end})`;
    return { requests: 0, seconds, bytes: 0, problems: [problem] };
  }
}

/** wrk's line of JSON, see `wrk-report.lua`. */
export function readWrk(output: string): LoadResult | undefined {
  const line = /^\{"requests".*\}$/m.exec(output)?.[0];
  if (line === undefined) return undefined;
  const { requests = 0, microseconds = 0, bytes = 0, ...errors }: Record<string, number> = JSON.parse(line);
  const problems = Object.entries(errors).flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind} errors`]));
  return { requests, seconds: microseconds / 1e6, bytes, problems };
}

/** h2load has no report for machines: its lines of text. */
export function readH2load(output: string): LoadResult | undefined {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const requests = number(/, (\d+) succeeded/);
  const seconds = number(/^finished in ([\d.]+)s/m) || number(/^finished in ([\d.]+)ms/m) / 1000;
  const bytes = number(/^traffic: \S+ \((\d+)\) total/m);
  if (!(requests >= 0 && seconds > 0 && bytes >= 0)) return undefined;
  const problems = ['failed', 'errored', 'timeout', '3xx', '4xx', '5xx'].flatMap((kind) => {
    const count = number(new RegExp(`(\\d+) ${kind}\\b`));
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  return { requests, seconds, bytes, problems };
}

function withSizeCheck(result: LoadResult, bodyBytes: number): LoadResult {
  const problems = [...result.problems];
  if (result.requests === 0) problems.push('no request was answered');
  else if (result.bytes < result.requests * bodyBytes) problems.push('answers are shorter than their bodies');
  return { ...result, problems };
}

function wrkCommand(url: string, seconds: number, threads: number): [string, ...string[]] {
  const size = ['-t', `${threads}`, '-c', `${CONNECTIONS}`, '-d', `${seconds}s`, '--timeout', '10s'];
  return [requireProgram('wrk'), ...size, '-s', REPORT_SCRIPT, url];
}

/** wrk wants to know for how long; the script ends it earlier. */
function fillCommand(url: string, prefix: string, count: number): [string, ...string[]] {
  const size = ['-t', '1', '-c', `${CONNECTIONS}`, '-d', `${FILL_SECONDS}s`];
  return [requireProgram('wrk'), ...size, '-s', FILL_SCRIPT, url, '--', `${count}`, prefix, `${2 * CONNECTIONS}`];
}

function h2loadCommand(url: string, seconds: number, threads: number): [string, ...string[]] {
  const size = ['-t', `${threads}`, '-c', `${CONNECTIONS}`, '-m', `${STREAMS}`, '-D', `${seconds}`];
  return [requireProgram('h2load'), ...size, `--tls13-ciphers=${SUITE}`, url];
}

/** wrk has no option for suites; OpenSSL's own settings have. */
function opensslConfig(): string {
  return [
    'openssl_conf = init',
    '[init]',
    'ssl_conf = ssl',
    '[ssl]',
    'system_default = tls',
    '[tls]',
    'MinProtocol = TLSv1.3',
    `Ciphersuites = ${SUITE}`,
    '',
  ].join('\n');
}
