import { readFileSync } from 'node:fs';

/** Which cores the server under test has to itself, and which are left for the load generator and the origin. */
export interface Cores {
  readonly server: readonly number[] | undefined;
  readonly load: readonly number[] | undefined;
}

/** The cores that we may use, such as `[0, 1]`. */
export function allowedCores(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return parseCoreList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0');
}

/** Reads the kernel's `0-2,5`. */
export function parseCoreList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The first cores are the server's, one for each worker, but one at least is left for the load; a lone core is shared. */
export function shareCores(allowed: readonly number[], workers: number): Cores {
  if (allowed.length < 2) return { server: undefined, load: undefined };
  const split = Math.min(workers, allowed.length - 1);
  return { server: allowed.slice(0, split), load: allowed.slice(split) };
}
