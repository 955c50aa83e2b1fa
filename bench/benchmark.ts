import { mkdtempSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { allowedCores, shareCores } from './cores.ts';
import { makeRows } from './figures.ts';
import { LoadGenerator } from './load.ts';
import { type Contestant, measureAll, plannedSeconds } from './measure.ts';
import type { Options } from './options.ts';
import { startOrigin } from './origin.ts';
import type { Processes } from './processes.ts';
import { findProgram, missing, requireProgram, versionOf } from './programs.ts';
import { describeMachine, type Report } from './report.ts';
import type { ServerKind, Setting } from './server.ts';
import { KINDS } from './servers.ts';
import { generatorFor, type Work } from './works.ts';

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
  const kinds = installedKinds(options, notes);
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
  const common: Common = { processes, origin, certificate, cores: cores.server, workers, profileDirectory };
  const contestants: Contestant[] = [];
  for (const kind of kinds) {
    try {
      contestants.push(await enter(kind, common, options.log, directory, signal));
    } catch (error) {
      signal.throwIfAborted();
      notes.push(`${kind.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const progress = options.json ? () => {} : showProgress(plannedSeconds(options, kinds));
  const rows = makeRows(await measureAll({ options, load, contestants, progress }, signal));
  const complete = contestants.length === kinds.length && rows.every(({ problems }) => problems.length === 0);
  return { machine: describeMachine(cores), versions: versionsOf(contestants), rows, notes, complete };
}

/** Only those works whose load generator is installed; the notes say what is left out. */
function worksWithGenerator({ works }: Options, notes: string[]): Work[] {
  const absent = new Set(works.map(generatorFor).filter((program) => findProgram(program) === undefined));
  for (const program of absent) notes.push(`its works are left out: ${missing(program)}`);
  return works.filter((work) => !absent.has(generatorFor(work)));
}

function installedKinds({ servers }: Options, notes: string[]): ServerKind[] {
  return KINDS.filter(({ name, program }) => {
    if (!servers.includes(name)) return false;
    if (program === undefined || findProgram(program) !== undefined) return true;
    notes.push(`${name} is left out: ${missing(program)}`);
    return false;
  });
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

function versionsOf(contestants: readonly Contestant[]): Record<string, string> {
  return Object.fromEntries(
    contestants.map(({ kind: { name, program, versionFlag } }) => [
      name,
      program === undefined ? `on Node ${process.versions.node}` : versionOf(requireProgram(program), versionFlag),
    ]),
  );
}

/** Tells on standard error what is being done, on one line where that is a terminal. */
function showProgress(seconds: number): (line: string) => void {
  const { stderr } = process;
  stderr.write(`About ${Math.ceil(seconds * 1.03)} s.\n`);
  return (line) => stderr.write(stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}
