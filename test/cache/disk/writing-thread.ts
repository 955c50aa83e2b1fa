import { parentPort, workerData } from 'node:worker_threads';
import { type DiskPlan, DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import type { RecordPlace } from '../../../src/cache/disk/record.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { bodyOf, digest, digestOf, recordOf, shapeOf } from './records.ts';

/** One of several workers that write, and read what they wrote: whatever is read must be what was written. */
const { plan, worker, records } = workerData as { plan: DiskPlan; worker: number; records: number };

const problems: string[] = [];
const log = eventLevels(({ event, fields }) => problems.push(`${event} ${JSON.stringify(fields)}`));
const forgotten = new Set<number>();
const tier = new DiskTier(plan, { worker, forget: (segment) => forgotten.add(segment), log });
const counts = { written: 0, refused: 0, read: 0, gone: 0 };
const last: { seed: number; place: RecordPlace }[] = [];

for (let i = 0; i < records; i += 20) {
  const seeds = Array.from({ length: 20 }, (_, j) => (i + j) * 100 + worker);
  const places = await Promise.all(seeds.map((seed) => tier.append(recordOf(seed, shapeOf(seed)))));
  for (const [j, place] of places.entries()) {
    counts[place ? 'written' : 'refused']++;
    if (place) last.push({ seed: seeds[j] as number, place });
  }
  // Old ones may be gone, and young ones are read while others evict.
  for (let j = 0; j < 10 && last.length > 0; j++)
    await read(last[(i * 7919 + j * 104729) % last.length] as (typeof last)[0]);
}
await tier.close();
parentPort?.postMessage({ ...counts, problems, forgotten: [...forgotten] });

async function read({ seed, place }: { seed: number; place: RecordPlace }): Promise<void> {
  const record = await tier.open(place);
  if (record === undefined) {
    if (tier.isLive(place.segment)) problems.push(`${seed} is gone, its segment ${place.segment} is not`);
    counts.gone++;
    return;
  }
  const body = await bodyOf(record);
  record.close();
  const got = typeof body === 'string' ? body : digest(record.key, record.head, [body]);
  if (got !== digestOf(recordOf(seed, shapeOf(seed)))) problems.push(`${seed} is not what was written: ${got}`);
  counts.read++;
}
