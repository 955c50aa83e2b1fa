import { truncate } from 'node:fs/promises';
import { treeCpuSeconds } from './cpu-time.ts';
import type { Figures, Sample } from './figures.ts';
import type { LoadGenerator } from './load.ts';
import { memorySeconds } from './memory.ts';
import type { Options } from './options.ts';
import { type Origin, requestsTo } from './origin.ts';
import { ask } from './probe.ts';
import { isAble, type RunningServer, type ServerKind } from './server.ts';
import type { Work } from './works.ts';

/** A server that takes part. */
export interface Contestant {
  readonly kind: ServerKind;
  readonly server: RunningServer;
  readonly accessLog: string | undefined;
}

/** Where a run's figures come from, and whom to tell how far it is. */
interface Course {
  readonly options: Options;
  readonly load: LoadGenerator;
  readonly origin: Origin;
  readonly contestants: readonly Contestant[];
  readonly progress: (line: string) => void;
}

/**
 * Seconds of load before what is measured: the first time that a server does a work, and longer for its first work of
 * all, so that a compiler at run time has seen the code and connections to the origin are open. V8 takes some 80,000
 * requests until the figures rise no more, which are 4 seconds.
 */
export function warmUpSeconds(workIndex: number, round: number): number {
  if (round > 0) return 0;
  return workIndex === 0 ? 4 : 1;
}

/** How long `measureAll` is expected to take. */
export function plannedSeconds(options: Options, kinds: readonly ServerKind[]): number {
  const cells = options.works.flatMap((work, workIndex) =>
    kinds.filter((kind) => isAble(kind, work)).map(() => warmUpSeconds(workIndex, 0)),
  );
  const loads = cells.reduce((sum, warmUp) => sum + warmUp + options.rounds * options.seconds, 0);
  return loads + kinds.filter(({ cachesInMemory }) => cachesInMemory).length * memorySeconds(options.objects);
}

/** Work by work, the servers take turns: the machine drifts, and so it drifts under all of them alike. */
export async function measureAll(course: Course, signal: AbortSignal): Promise<Figures[]> {
  const all: Figures[] = [];
  for (const [workIndex, work] of course.options.works.entries()) {
    const able = course.contestants.filter(({ kind }) => isAble(kind, work));
    const samples = new Map<Contestant, Sample[]>(able.map((contestant) => [contestant, []]));
    for (let round = 0; round < course.options.rounds; round++) {
      for (const [contestant, done] of samples) {
        course.progress(`${work.name}, round ${round + 1} of ${course.options.rounds}: ${contestant.kind.name}`);
        const warmUp = warmUpSeconds(workIndex, round);
        done.push(await measure(course, contestant, work, warmUp, signal));
      }
    }
    for (const [{ kind }, done] of samples) all.push({ server: kind.name, work, samples: done });
  }
  return all;
}

async function measure(
  { options, load, origin }: Course,
  { server, accessLog }: Contestant,
  work: Work,
  warmUp: number,
  signal: AbortSignal,
): Promise<Sample> {
  const url = `${work.protocol === 'http/1.1' ? server.http : server.https}${work.path}`;
  const complaint = await wrongAnswer(work, url);
  if (complaint !== undefined) return { requests: 0, seconds: 0, cpuSeconds: 0, problems: [complaint] };
  if (warmUp > 0) await load.run(work, url, warmUp, signal);

  const asked = await requestsTo(origin);
  const before = treeCpuSeconds(server.child.pid);
  const result = await load.run(work, url, options.seconds, signal);
  const after = treeCpuSeconds(server.child.pid);
  const forwarded = (await requestsTo(origin)) - asked - 1; // The question itself.

  if (accessLog !== undefined) await truncate(accessLog);
  const gone = before === undefined || after === undefined;
  const problems = [...result.problems];
  if (gone) problems.push(`it ended: ${server.child.complaint}`);
  if (work.cached && forwarded > 0) problems.push(`${forwarded} requests went to the origin`);
  return {
    requests: result.requests,
    seconds: result.seconds,
    cpuSeconds: gone ? 0 : after - before,
    problems,
  };
}

/** Whether the server does this work at all: what is wrong with its answer, `undefined` when nothing is. */
async function wrongAnswer(work: Work, url: string): Promise<string | undefined> {
  try {
    const { status, bodyBytes } = await ask(url, work.protocol);
    if (status === 200 && bodyBytes === work.bodyBytes) return undefined;
    return `it answers ${status} with ${bodyBytes} bytes`;
  } catch (error) {
    return `it does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
