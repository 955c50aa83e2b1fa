import type { Processes } from '../processes.ts';
import { requireProgram } from '../programs.ts';
import { OUTSTANDING, TCP_CONNECTIONS, type Transport } from './works.ts';

/** What dnsperf reports. */
export interface DnsLoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** Of a reply, on average; dnsperf tells whole ones. */
  readonly bytes: number;
  /** What went wrong, such as `3 answers lost`; empty when all is well. */
  readonly problems: readonly string[];
}

/** What dnsperf is told. */
export interface DnsLoad {
  readonly processes: Processes;
  readonly cores: readonly number[] | undefined;
  readonly transport: Transport;
  readonly port: number;
  /** Of queries, see `writeQuestions`. */
  readonly file: string;
  readonly seconds: number;
}

/** How long a query may wait for its answer, before it is lost. */
const TIMEOUT_SECONDS = 2;

/** How much longer than asked dnsperf may run. */
const GRACE_MS = 5_000 + TIMEOUT_SECONDS * 1000;

/** One run of dnsperf. That it fails is a problem of this result, and ends no run. */
export async function runDnsperf(load: DnsLoad, signal: AbortSignal): Promise<DnsLoadResult> {
  const { processes, cores, seconds } = load;
  const child = processes.start({ argv: command(load), cores });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + GRACE_MS)]);
  const stop = () => child.killTree();
  limit.addEventListener('abort', stop);
  const end = await child.ended;
  limit.removeEventListener('abort', stop);
  signal.throwIfAborted();
  const result = readDnsperf(child.output);
  if (result !== undefined) return result;
  const problem = limit.aborted ? 'dnsperf did not end in time' : `dnsperf failed (${end}): ${child.complaint}`;
  return { answers: 0, seconds, bytes: 0, problems: [problem] };
}

function command({ transport, port, file, seconds }: DnsLoad): [string, ...string[]] {
  const clients = transport === 'udp' ? 1 : TCP_CONNECTIONS;
  const to = ['-s', '127.0.0.1', '-p', `${port}`, '-f', 'inet', '-m', transport];
  const size = ['-c', `${clients}`, '-q', `${OUTSTANDING}`, '-l', `${seconds}`, '-t', `${TIMEOUT_SECONDS}`];
  return [requireProgram('dnsperf'), ...to, ...size, '-B', '-d', file];
}

/** Its lines of text: it has no report for machines. */
export function readDnsperf(output: string): DnsLoadResult | undefined {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const answers = number(/^ *Queries completed: +(\d+)/m);
  const lost = number(/^ *Queries lost: +(\d+)/m);
  const seconds = number(/^ *Run time \(s\): +([\d.]+)/m);
  const bytes = number(/^ *Average packet size: +request \d+, response (\d+)/m);
  if (!(answers >= 0 && lost >= 0 && seconds > 0)) return undefined;
  const problems = answers === 0 ? ['no query was answered'] : [];
  if (lost > 0) problems.push(`${lost} answers lost`);
  const codes = /^ *Response codes: +(.*)$/m.exec(output)?.[1] ?? '';
  for (const [, code, count] of codes.matchAll(/(\w+) (\d+) \(/g)) {
    if (code !== 'NOERROR') problems.push(`${count} ${code}`);
  }
  return { answers, seconds, bytes, problems };
}
