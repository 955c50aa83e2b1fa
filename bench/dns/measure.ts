import { treeCpuSeconds } from '../cpu-time.ts';
import type { Figures, Sample } from '../figures.ts';
import { warmUpSeconds } from '../measure.ts';
import type { Processes } from '../processes.ts';
import { checkAnswers } from './check.ts';
import { runDnsperf } from './load.ts';
import type { DnsOptions } from './options.ts';
import type { Question } from './queries.ts';
import type { DnsServerKind, RunningDnsServer } from './server.ts';
import type { DnsWork } from './works.ts';

/** A name server that takes part. */
export interface DnsContestant {
  readonly kind: DnsServerKind;
  readonly server: RunningDnsServer;
}

/** A work, its questions, and the file of them. */
export interface PreparedWork {
  readonly work: DnsWork;
  readonly questions: readonly Question[];
  readonly file: string;
}

interface Course {
  readonly options: DnsOptions;
  readonly processes: Processes;
  /** Of the load. */
  readonly cores: readonly number[] | undefined;
  readonly works: readonly PreparedWork[];
  readonly contestants: readonly DnsContestant[];
  readonly progress: (line: string) => void;
}

/** How long `measureDns` is expected to take. */
export function plannedDnsSeconds({ works, rounds, seconds }: DnsOptions, kinds: readonly DnsServerKind[]): number {
  return works
    .flatMap((work, index) => kinds.filter((kind) => isAble(kind, work)).map(() => warmUpSeconds(index, 0)))
    .reduce((sum, warmUp) => sum + warmUp + rounds * seconds, 0);
}

/** Work by work, the servers take turns. */
export async function measureDns(course: Course, signal: AbortSignal): Promise<Figures[]> {
  const all: Figures[] = [];
  for (const [workIndex, prepared] of course.works.entries()) {
    const { work } = prepared;
    const samples = new Map<DnsContestant, Sample[]>();
    for (const contestant of course.contestants) if (isAble(contestant.kind, work)) samples.set(contestant, []);
    for (let round = 0; round < course.options.rounds; round++) {
      for (const [contestant, done] of samples) {
        course.progress(`${work.name}, round ${round + 1} of ${course.options.rounds}: ${contestant.kind.name}`);
        done.push(await measure(course, contestant, prepared, warmUpSeconds(workIndex, round), signal));
      }
    }
    for (const [{ kind }, done] of samples) all.push({ server: kind.name, work, samples: done });
  }
  return all;
}

function isAble({ transports }: DnsServerKind, { transport }: DnsWork): boolean {
  return transports.includes(transport);
}

async function measure(
  { options, processes, cores }: Course,
  { kind, server }: DnsContestant,
  { work, questions, file }: PreparedWork,
  warmUp: number,
  signal: AbortSignal,
): Promise<Sample> {
  const { transport } = work;
  const { child, port } = server;
  const asked = { transport, port, cookies: kind.cookies };
  const { problem, bytes } = await checkAnswers(asked, questions);
  if (problem !== undefined) return { requests: 0, seconds: 0, cpuSeconds: 0, problems: [problem] };
  const load = { processes, cores, transport, port, file };
  if (warmUp > 0) await runDnsperf({ ...load, seconds: warmUp }, signal);

  const before = treeCpuSeconds(child.pid);
  const result = await runDnsperf({ ...load, seconds: options.seconds }, signal);
  const after = treeCpuSeconds(child.pid);

  const gone = before === undefined || after === undefined;
  const problems = [...result.problems];
  if (gone) problems.push(`it ended: ${child.complaint}`);
  // What dnsperf does not look into is as long as what was looked into, all of it together.
  if (result.answers > 0 && !(Math.abs(result.bytes - bytes) <= 1)) {
    problems.push(`answers of ${result.bytes} bytes in place of ${bytes}`);
  }
  return { requests: result.answers, seconds: result.seconds, cpuSeconds: gone ? 0 : after - before, problems };
}
