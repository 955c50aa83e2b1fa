import { parentPort, workerData } from 'node:worker_threads';
import { type CompileOrder, compileFiles } from './compile-files.ts';
import type { Compiled } from './compile-order.ts';

parentPort?.postMessage(attempt());

function attempt(): Compiled {
  try {
    return { tables: compileFiles(workerData as CompileOrder) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
