import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { DiskDirectory } from '../../../src/cache/disk/disk-directory.ts';
import { DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { longShapeOf, recordOf } from './records.ts';

/**
 * Waits for the number of its first record, then stores one after another until it is killed, and says of each that it is
 * written: `seed segment offset length`.
 */
const [path, size] = process.argv.slice(2) as [string, string];
flushCompileCache(); // for the next one: this one will have no end at which it is written
const [first] = await once(process.stdin, 'data');
const log = eventLevels(({ event, fields }) => {
  if (event !== 'disk cache is indexed') throw new Error(`${event} ${JSON.stringify(fields)}`);
});
const forget = () => {};
const directory = await DiskDirectory.open({ directory: path, size: Number(size), workers: 2, forget, log });
const tiers = [0, 1].map((worker) => new DiskTier(directory.plan, { worker, forget, log }));
let seed = Number(String(first));

async function write(tier: DiskTier): Promise<never> {
  for (;;) {
    const own = seed++;
    const place = await tier.append(recordOf(own, longShapeOf(own)));
    // A refusal needs no turn of the event loop. The other tier may be removing files to make room, and would wait for one.
    if (!place) await setImmediate();
    else writeSync(1, `${own} ${place.segment} ${place.offset} ${place.length}\n`);
  }
}

/** A race would hide whose end came second. */
function told(error: unknown): never {
  writeSync(2, `${(error as Error).stack}\n`);
  process.exit(1);
}

directory.recover(() => {}).catch(told);
// Several at once, so that a kill comes between the records of a batch as well.
for (const tier of tiers) for (let i = 0; i < 3; i++) write(tier).catch(told);
