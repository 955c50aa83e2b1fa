import { parentPort, workerData } from 'node:worker_threads';
import { BanBoard } from '../../../src/cache/purge/ban-board.ts';

/** Purges one URL after the other, says in `done` how far it is, and holds the others to what they say. */
export interface PurgingThread {
  readonly memory: SharedArrayBuffer;
  /** By seat: how many of its purges have returned. */
  readonly done: SharedArrayBuffer;
  readonly seat: number;
  /** The number of an object that is older than all purges. */
  readonly old: number;
  readonly threads: number;
  readonly purges: number;
}

const { memory, done, seat, old, threads, purges } = workerData as PurgingThread;
const board = new BanBoard(memory, seat);
const progress = new Int32Array(done);
const problems: string[] = [];

for (let i = 0; i < purges; i++) {
  board.publish([{ kind: 'url', text: `https://${seat}/${i}` }], false);
  Atomics.store(progress, seat, i + 1);
  Atomics.notify(progress, seat);
  for (let other = 0; other < threads; other++) {
    const latest = Atomics.load(progress, other) - 1;
    if (latest < 0) continue;
    const key = `https://${other}/${latest}`;
    const before = board.version;
    const fetched = board.nextSequence();
    if (board.verdict({ key, tags: [], sequence: old }) !== 'gone') problems.push(`${key} was not purged`);
    const again = board.verdict({ key, tags: [], sequence: fetched });
    // Held up for long, it may find that purges since then were folded.
    if (again !== 'keep' && board.version - before < 500) problems.push(`${key} was purged again`);
  }
}

parentPort?.postMessage(problems.slice(0, 10));
