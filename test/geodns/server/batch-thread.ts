import { parentPort, workerData } from 'node:worker_threads';
import { BatchEngine } from '../../../src/geodns/server/batch-engine.ts';
import { BatchLoop } from '../../../src/geodns/server/batch-loop.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { ScriptedResponder } from './scripted-responder.ts';

/** A thread that answers by UDP, says where, and ends as it is told. */
const loop = await BatchLoop.open(workerData.memory);
const engine = new BatchEngine(
  {
    listen: [{ host: '127.0.0.1', port: 0 }],
    responder: new ScriptedResponder(),
    counts: new DnsCounts(),
    log: eventLevels(() => {}),
  },
  loop,
);
await engine.listen();
parentPort?.on('message', (end) => {
  if (end === 'throw') throw new Error('told to');
  process.exit(0);
});
parentPort?.postMessage(engine.addresses[0]);
