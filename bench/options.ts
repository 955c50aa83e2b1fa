import { type ParseArgsConfig, parseArgs } from 'node:util';
import { MEMORY_WORK, SERVER_NAMES, type ServerName, WORKS, type Work } from './works.ts';

/** What a run is asked to do. */
export interface Options {
  readonly works: readonly Work[];
  /** How many objects the work that measures memory caches; 0: it is not asked for. It takes a minute for each server. */
  readonly objects: number;
  readonly servers: readonly ServerName[];
  /** Measured seconds of one server on one work in one round; whole ones, as wrk takes no others. */
  readonly seconds: number;
  readonly rounds: number;
  /** Portico's `workers`, nginx's `worker_processes`, HAProxy's `nbthread`, and the cores they are given. */
  readonly workers: number;
  /** Whether every server writes its access log. */
  readonly log: boolean;
  readonly profile: boolean;
  readonly json: boolean;
}

export class UsageError extends Error {}

export const USAGE = `npm run bench -- [options]        of proxies; name servers: npm run bench -- dns --help

  --only NAME,…     only these works: ${WORKS.map(({ name }) => name).join(', ')};
                    and ${MEMORY_WORK}, which is run only when it is named here
  --servers NAME,…  only these servers: ${SERVER_NAMES.join(', ')}
  --seconds N       measured seconds of each cell in each round (3)
  --rounds N        rounds over all servers; the median counts (2)
  --workers N       threads or processes of each server, and cores for it (1)
  --objects N       how many objects ${MEMORY_WORK} caches (1000000)
  --log on|off      whether all of them write an access log (on)
  --profile         run Portico with --cpu-prof and say where the profiles are
  --json            the figures as JSON on standard output`;

/** Throws a `UsageError` that says what is wrong. `undefined`: only help was asked for. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const values = read(args, {
    only: { type: 'string' },
    objects: { type: 'string', default: '1000000' },
    servers: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '1' },
    log: { type: 'string', default: 'on' },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  });
  if (values.help) return undefined;
  if (values.log !== 'on' && values.log !== 'off') throw new UsageError('--log: expected on or off');
  const { only } = values;
  const named = only?.split(',').map((name) => name.trim());
  const memory = named?.includes(MEMORY_WORK) === true;
  const loads = memory ? named.filter((name) => name !== MEMORY_WORK).join(',') : only;
  const works = loads === '' && memory ? [] : pick('--only', loads, WORKS, (work) => work.name);
  return {
    works,
    objects: memory ? count('--objects', values.objects, 10_000_000) : 0,
    servers: pick('--servers', values.servers, SERVER_NAMES, (name) => name),
    seconds: count('--seconds', values.seconds, 600),
    rounds: count('--rounds', values.rounds, 100),
    workers: count('--workers', values.workers, 256),
    log: values.log === 'on',
    profile: values.profile,
    json: values.json,
  };
}

/** What is given, by names of options. Throws a `UsageError` for what is none of them. */
export function read<const T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Those of a list that are named, in their own order; all, if none is. */
export function pick<T>(option: string, list: string | undefined, all: readonly T[], nameOf: (item: T) => string): T[] {
  if (list === undefined) return [...all];
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) {
    throw new UsageError(`${option}: expected some of ${all.map(nameOf).join(', ')}, got "${unknown}"`);
  }
  return all.filter((item) => wanted.includes(nameOf(item)));
}

export function count(option: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new UsageError(`${option}: expected a whole number from 1 to ${most}`);
  return value;
}
