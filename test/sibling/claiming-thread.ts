import { parentPort, workerData } from 'node:worker_threads';
import { PeerTable } from '../../src/sibling/peer-table.ts';

/** A thread that does at each round of a clock what all the others do, and tells how often it was the one. */
export interface ClaimingWork {
  readonly memory: SharedArrayBuffer;
  /** Where all threads wait for each other. */
  readonly barrier: SharedArrayBuffer;
  readonly threads: number;
  readonly thread: number;
  readonly rounds: number;
}

const { memory, barrier, threads, thread, rounds } = workerData as ClaimingWork;
const arrived = new Int32Array(barrier);
let now = 0;
const table = new PeerTable(memory, threads, thread, () => now);
const told = { probes: 0, trials: 0, dead: 0, alive: 0 };

for (let round = 1; round <= rounds; round++) {
  now = round * 20_000;
  meet(4 * round - 3);
  for (let i = 0; i < 10; i++) {
    if (table.heard(0, { kind: 'unanswered', asked: now - 5_000 }) === 'dead') told.dead++;
  }
  meet(4 * round - 2);
  now += 10_250;
  if (table.takeProbe(0)) told.probes++;
  if (table.enterTrial(0)) told.trials++;
  meet(4 * round - 1);
  if (table.heard(0, { kind: 'answered' }) === 'alive') told.alive++;
  for (let i = 0; i < 100; i++) table.count(0, 'queries');
  meet(4 * round);
}
parentPort?.postMessage(told);

function meet(time: number): void {
  if (Atomics.add(arrived, 0, 1) + 1 === time * threads) Atomics.notify(arrived, 0);
  for (;;) {
    const seen = Atomics.load(arrived, 0);
    if (seen >= time * threads) return;
    Atomics.wait(arrived, 0, seen, 5);
  }
}
