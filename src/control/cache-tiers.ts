import { availableParallelism } from 'node:os';
import { DiskError } from '../cache/disk/error.ts';
import { planCache } from '../cache/plan.ts';
import { SharedCache } from '../cache/shared-cache.ts';
import type { Settings } from '../config/settings.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { RefusedError } from './refused-error.ts';

/** What is made of the settings once, at the start: the workers' number, and the tiers of the cache that they share. */

/** As many threads as the cache has seats for, less the control plane's. */
const MOST_WORKERS = 31;

export function workersOf({ node: { workers } }: Settings): number {
  return workers === 'auto' ? Math.min(availableParallelism(), MOST_WORKERS) : workers;
}

/** `undefined`: nothing is cached. Throws a `RefusedError` when the directory of the disk tier cannot be used. */
export async function openCache(file: string, settings: Settings, log: EventLog): Promise<SharedCache | undefined> {
  const cache = planCache(settings.cache);
  if (cache === undefined) return undefined;
  try {
    return await SharedCache.open({ plan: cache, workers: workersOf(settings), log, now: Date.now });
  } catch (error) {
    if (error instanceof DiskError) throw new RefusedError([`${file} cache.disk.directory: ${error.message}`]);
    throw error;
  }
}

/** The same text for the same tiers. */
export function tiersOf({ cache }: Settings): string {
  return JSON.stringify(cache === 'off' ? cache : [cache.memory, cache.disk]);
}
