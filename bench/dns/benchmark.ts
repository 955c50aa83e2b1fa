import { mkdtempSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowedCores, shareCores } from '../cores.ts';
import { installedKinds, leftOut, showProgress, versionsOf } from '../entrants.ts';
import { makeRows } from '../figures.ts';
import type { Processes } from '../processes.ts';
import { requireProgram } from '../programs.ts';
import { describeMachine, type Report } from '../report.ts';
import { type DnsContestant, measureDns, type PreparedWork, plannedDnsSeconds } from './measure.ts';
import type { DnsOptions } from './options.ts';
import { questionsOf, writeQuestions } from './queries.ts';
import type { DnsServerKind, DnsSetting } from './server.ts';
import { DNS_KINDS } from './servers.ts';
import { OUTSTANDING, TCP_CONNECTIONS } from './works.ts';
import { makeWorld, type World, writeDatabase } from './world.ts';

const LOAD = `${OUTSTANDING} queries under way, by TCP over ${TCP_CONNECTIONS} connections; medians; answers per CPU-second of the server's process tree`;

/**
 * One run, from the making of the world to the figures. All servers run all the time, the idle ones cost nothing.
 * Ending what it starts, and removing what is in `directory`, is left to the caller.
 */
export async function benchmarkDns(
  options: DnsOptions,
  processes: Processes,
  directory: string,
  signal: AbortSignal,
): Promise<Report> {
  const notes: string[] = [];
  requireProgram('dnsperf');
  const kinds = installedKinds(DNS_KINDS, options.servers, notes);
  const cores = shareCores(allowedCores(), 1);
  if (cores.server === undefined) notes.push('one core for all: nothing is pinned, and the load disturbs the servers');
  else requireProgram('taskset');
  const profileDirectory = options.profile ? mkdtempSync(join(tmpdir(), 'portico-profile-')) : undefined;
  if (profileDirectory !== undefined) notes.push(`profiles of Portico, which made it slower: ${profileDirectory}`);

  const world = makeWorld();
  const database = join(directory, 'world.mmdb');
  await writeDatabase(database, world);
  const works = await prepare(options, world, directory);

  const failures: string[] = [];
  const contestants: DnsContestant[] = [];
  for (const kind of kinds) {
    try {
      const setting = { processes, database, cores: cores.server, profileDirectory };
      contestants.push(await enter(kind, setting, directory, signal));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(leftOut(kind, error));
    }
  }
  const progress = options.json ? () => {} : showProgress(plannedDnsSeconds(options, kinds));
  const course = { options, processes, cores: cores.load, works, contestants, progress };
  const rows = makeRows(await measureDns(course, signal));
  notes.push(...failures);
  return {
    machine: describeMachine(cores),
    versions: versionsOf(kinds),
    rows,
    load: LOAD,
    unit: 'answers',
    memory: [],
    notes,
    complete: failures.length === 0 && rows.every(({ problems }) => problems.length === 0),
  };
}

function prepare({ works }: DnsOptions, world: World, directory: string): Promise<PreparedWork[]> {
  return Promise.all(
    works.map(async (work) => {
      const questions = questionsOf(work, world);
      const file = join(directory, `${work.name}.queries`);
      await writeQuestions(file, questions);
      return { work, questions, file };
    }),
  );
}

async function enter(
  kind: DnsServerKind,
  setting: Omit<DnsSetting, 'directory'>,
  parent: string,
  signal: AbortSignal,
): Promise<DnsContestant> {
  const directory = join(parent, kind.name);
  await mkdir(directory);
  return { kind, server: await kind.start({ ...setting, directory }, signal) };
}
