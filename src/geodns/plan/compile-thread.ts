import { parentPort, workerData } from 'node:worker_threads';
import type { GeoTables } from '../geo/compile.ts';
import { compileFiles } from './compile-files.ts';
import type { CompileOrder } from './compile-order.ts';

/** What the thread that compiles sends, once. */
export type Compiled =
  | { readonly tables: GeoTables }
  /** Why there are none, for the operator. */
  | { readonly problem: string };

parentPort?.postMessage(attempt());

function attempt(): Compiled {
  try {
    return { tables: compileFiles(workerData as CompileOrder) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
