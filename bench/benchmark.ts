import { mkdtempSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { allowedCores, shareCores } from './cores.ts';
import { installedKinds, leftOut, showProgress, versionsOf } from './entrants.ts';
import { makeRows } from './figures.ts';
import { LoadGenerator } from './load.ts';
import { type Contestant, measureAll, plannedSeconds } from './measure.ts';
import { type MemoryRow, measureMemory, memoryCacheMiB } from './memory.ts';
import type { Options } from './options.ts';
import { type Origin, startOrigin } from './origin.ts';
import type { Processes } from './processes.ts';
import { findProgram, missing, requireProgram } from './programs.ts';
import { describeMachine, HTTP_LOAD, type Report } from './report.ts';
import type { ServerKind, Setting } from './server.ts';
import { KINDS } from './servers.ts';
import { generatorFor, type Work } from './works.ts';

/** Room for all that the works ask for, and to spare. */
const CACHE_MIB = 512;

/** What all servers of a run are given alike. */
type Common = Omit<Setting, 'directory' | 'accessLog'>;

/**
 * One run, from the origin's start to the figures. All servers run all the time, the idle ones cost nothing.
 * Ending what it starts, and removing what is in `directory`, is left to the caller.
 */
export async function benchmark(
  asked: Options,
  processes: Processes,
  directory: string,
  signal: AbortSignal,
): Promise<Report> {
  const notes: string[] = [];
  const options = { ...asked, works: worksWithGenerator(asked, notes) };
  const kinds = installedKinds(KINDS, options.servers, notes);
  const cores = shareCores(allowedCores(), options.workers);
  if (cores.server === undefined) notes.push('one core for all: nothing is pinned, and the load disturbs the servers');
  else requireProgram('taskset');

  const threads = Math.min(options.workers, cores.load?.length ?? 1);
  const load = new LoadGenerator(processes, cores.load, threads, directory);
  await load.prepare();
  const origin = await startOrigin(
    { processes, cores: cores.load, workers: threads, directory: await subdirectory(directory, 'origin') },
    signal,
  );
  const certificate = await makeCertificate(directory);
  const profileDirectory = options.profile ? mkdtempSync(join(tmpdir(), 'portico-profile-')) : undefined;
  if (profileDirectory !== undefined) notes.push(`profiles of Portico, which made it slower: ${profileDirectory}`);

  const { workers } = options;
  const cacheMiB = CACHE_MIB;
  const common: Common = { processes, origin, certificate, cores: cores.server, workers, cacheMiB, profileDirectory };
  const failures: string[] = [];
  const contestants: Contestant[] = [];
  for (const kind of options.works.length === 0 ? [] : kinds) {
    try {
      contestants.push(await enter(kind, common, options.log, directory, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(leftOut(kind, error));
    }
  }

  const progress = options.json ? () => {} : showProgress(plannedSeconds(options, kinds));
  const rows = makeRows(await measureAll({ options, load, origin, contestants, progress }, signal));
  const memory: MemoryRow[] = [];
  for (const kind of options.objects === 0 ? [] : kinds.filter(({ cachesInMemory }) => cachesInMemory)) {
    progress(`memory of ${options.objects} objects: ${kind.name}`);
    try {
      memory.push(await fillOne(kind, { common, origin, load, options, directory }, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(leftOut(kind, error));
    }
  }
  notes.push(...failures);
  const complete = failures.length === 0 && [...rows, ...memory].every(({ problems }) => problems.length === 0);
  return {
    machine: describeMachine(cores),
    versions: versionsOf(kinds),
    rows,
    load: HTTP_LOAD,
    unit: 'req',
    memory,
    notes,
    complete,
  };
}

interface Filling {
  readonly common: Common;
  readonly origin: Origin;
  readonly load: LoadGenerator;
  readonly options: Options;
  readonly directory: string;
}

/** Memory is measured on a server of its own, that has cached nothing before. */
async function fillOne(
  kind: ServerKind,
  { common, origin, load, options: { objects, log }, directory }: Filling,
  signal: AbortSignal,
): Promise<MemoryRow> {
  const place = await subdirectory(directory, `memory-${kind.name}`);
  const { server } = await enter(kind, { ...common, cacheMiB: memoryCacheMiB(objects) }, log, place, signal);
  const row = await measureMemory({ name: kind.name, server, origin, load, objects }, signal);
  await server.child.close();
  return row;
}

/** Only those works whose load generator is installed; the notes say what is left out. */
function worksWithGenerator({ works }: Options, notes: string[]): Work[] {
  const absent = new Set(works.map(generatorFor).filter((program) => findProgram(program) === undefined));
  for (const program of absent) notes.push(`its works are left out: ${missing(program)}`);
  return works.filter((work) => !absent.has(generatorFor(work)));
}

async function enter(
  kind: ServerKind,
  common: Common,
  log: boolean,
  parent: string,
  signal: AbortSignal,
): Promise<Contestant> {
  const directory = await subdirectory(parent, kind.name);
  const accessLog = log ? join(directory, 'access.log') : undefined;
  if (accessLog !== undefined) await writeFile(accessLog, '');
  return { kind, server: await kind.start({ ...common, directory, accessLog }, signal), accessLog };
}

async function subdirectory(parent: string, name: string): Promise<string> {
  const directory = join(parent, name);
  await mkdir(directory);
  return directory;
}
