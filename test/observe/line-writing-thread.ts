import { workerData } from 'node:worker_threads';
import { LineWriter } from '../../src/observe/line-writer.ts';

/** One of several threads that write numbered lines to one file: `2 17 xxxx.` */
const { thread, lines, file } = workerData as { thread: number; lines: number; file: string };

const writer = new LineWriter(file, (event, fields) => {
  throw new Error(`${event}: ${JSON.stringify(fields)}`);
});
for (let i = 0; i < lines; i++) {
  writer.write(`${thread} ${i} ${'x'.repeat((i * 37) % 700)}.\n`);
  if (i % 500 === 0) await new Promise(setImmediate);
}
await writer.close();
