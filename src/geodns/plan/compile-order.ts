import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { GeoTables } from '../geo/compile.ts';
import { DatabaseError } from '../geo/mmdb/database-error.ts';
import type { Datacenter } from '../geo/plan.ts';
import { compileFiles } from './compile-files.ts';
import type { Compiled } from './compile-thread.ts';
import type { MapPlan } from './dns-plan.ts';

/** What tables are compiled of. */
export interface CompileOrder {
  /** Paths of the databases. */
  readonly files: readonly string[];
  readonly datacenters: readonly Datacenter[];
  readonly maps: readonly MapPlan[];
}

export type Compile = (order: CompileOrder) => Promise<GeoTables>;

/**
 * Compiles in a thread of its own where there is a database to be read, as that takes seconds for a large one. Rejects with a
 * `DatabaseError` that says which file is damaged, and how.
 */
export const compileAside: Compile = async (order) => {
  if (order.files.length === 0) return compileFiles(order);
  const worker = new Worker(new URL('./compile-thread.ts', import.meta.url), { workerData: order });
  try {
    // Whatever else ends it is an 'error', and rejects this, or an exit without a word.
    const [compiled] = (await Promise.race([once(worker, 'message'), exit(worker)])) as [Compiled];
    if ('problem' in compiled) throw new DatabaseError(compiled.problem);
    return compiled.tables;
  } finally {
    await worker.terminate();
  }
};

async function exit(worker: Worker): Promise<never> {
  const [code] = (await once(worker, 'exit')) as [number];
  throw new DatabaseError(`the thread that compiles geo databases ended with status ${code}`);
}
