import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from '../../src/workers/messages.ts';
import { MAX_POOLS, OriginTable } from '../../src/workers/origin-table.ts';

/**
 * A worker that serves nobody, and does by each plan what its name says: `2 refuses`, `0 dies preparing`, `1 is slow`,
 * `0 dies serving` or
 * `0 hangs` (when it is told to reopen its logs). It has one request in flight at origin 3 while it serves.
 */
const { index, workers, originTable } = workerData as WorkerStart;
const table = new OriginTable(originTable, workers, index);
let next: WorkerPlan | undefined;
let current: WorkerPlan | undefined;

parentPort?.on('message', async (message: ToWorker) => {
  switch (message.type) {
    case 'prepare':
      return prepare(message.plan);
    case 'activate':
      // As in a real worker: nothing was prepared, nothing to say.
      if (next === undefined) return;
      if (current === undefined) table.enter(3);
      current = next;
      next = undefined;
      tell('serves', current);
      return say({ type: 'active', generation: current.generation });
    case 'discard':
      next = undefined;
      return;
    case 'reopen_logs':
      if (current?.proxy.node.name === `${index} dies serving`) process.exit(7);
      if (current?.proxy.node.name === `${index} hangs`) while (true);
      return;
    case 'stop_accepting':
      return say({ type: 'not_accepting' });
    case 'stop':
      process.exit(0);
  }
});

async function prepare(plan: WorkerPlan): Promise<void> {
  const { name } = plan.proxy.node;
  if (name.startsWith(`${index} dies preparing`) && isFirstOfItsSeat()) process.exit(7);
  if (name.includes(`${index} is slow`)) await new Promise((resolve) => setTimeout(resolve, 300));
  const problem = name === `${index} refuses` ? 'no' : undefined;
  if (problem === undefined) next = plan;
  tell('prepared', plan);
  say({ type: 'prepared', generation: plan.generation, problem });
}

/** The spare cell of a pool that nobody has counts the lives of each seat: a successor does not die of the same. */
function isFirstOfItsSeat(): boolean {
  const lives = new Int32Array(originTable, 16 * (MAX_POOLS - 1 - index) + 12, 1);
  return Atomics.add(lives, 0, 1) === 0;
}

function tell(event: string, { generation }: WorkerPlan): void {
  say({ type: 'event', record: { level: 'info', event, fields: { worker: index, generation } } });
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message);
}
