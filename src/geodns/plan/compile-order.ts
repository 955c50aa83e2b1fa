import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { GeoTables } from '../geo/compile.ts';
import { DatabaseError } from '../geo/mmdb/database-error.ts';
import { type CompileOrder, compileFiles } from './compile-files.ts';

/** What the thread that compiles sends, once. */
export type Compiled =
  | { readonly tables: GeoTables }
  /** Why there are none, for the operator. */
  | { readonly problem: string };

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
