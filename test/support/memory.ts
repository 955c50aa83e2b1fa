import { readFileSync } from 'node:fs';
import type { Bytes } from '../../src/base/units.ts';

/** Where the memory of another process can be seen. */
export const MEMORY_IS_TOLD = process.platform === 'linux';

/** The most that a process has had in memory at a time, all its threads together (VmHWM). */
export function peakMemory(pid: number): Bytes {
  return memory(pid, 'VmHWM');
}

/** What a process has in memory now (VmRSS). */
export function residentMemory(pid: number): Bytes {
  return memory(pid, 'VmRSS');
}

function memory(pid: number, name: string): Bytes {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
