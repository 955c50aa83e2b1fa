import { readdirSync, readFileSync } from 'node:fs';

/** The CPU time of a process tree, as Linux accounts for it in `/proc/PID/stat` (proc(5)), and its memory. */

/** USER_HZ: the unit of times in /proc, the same on every Linux we run on. */
const TICKS_PER_SECOND = 100;

export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** utime + stime of all its threads, and cutime + cstime: what children took that have ended meanwhile. */
  readonly ticks: number;
}

/** Seconds that the process and all its descendants have used so far; `undefined` when it is gone. */
export function treeCpuSeconds(root: number): number | undefined {
  const tree = processTree(readProcesses(), root);
  return tree.length === 0 ? undefined : tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** The process first, then its descendants. */
export function treePids(root: number): number[] {
  return processTree(readProcesses(), root).map(({ pid }) => pid);
}

/**
 * Bytes of memory that the process and all its descendants have in use: PSS, where what several of them share counts
 * once. `undefined` when it is gone.
 */
export function treeMemoryBytes(root: number): number | undefined {
  const pids = treePids(root);
  return pids.length === 0 ? undefined : pids.reduce((sum, pid) => sum + memoryBytes(pid), 0);
}

function memoryBytes(pid: number): number {
  try {
    const [, kibibytes] = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0; // It ended since.
  }
}

export function processTree(all: readonly ProcessTimes[], root: number): ProcessTimes[] {
  const tree = all.filter(({ pid }) => pid === root);
  // The list grows while it is walked: children of children follow.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** The name in brackets may itself have spaces and brackets; the fields are counted from behind it. */
export function parseStat(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), ticks };
}

function readProcesses(): ProcessTimes[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))];
    } catch {
      return []; // It ended since the directory was read.
    }
  });
}
