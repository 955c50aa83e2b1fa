import { parentPort, workerData } from 'node:worker_threads';
import { CacheMemory, type Found } from '../../../src/cache/memory/cache-memory.ts';
import type { VariantHash } from '../../../src/cache/memory/hash.ts';
import type { DiskPlace, MemoryHandle } from '../../../src/cache/memory/memory-handle.ts';
import { content, wrongByte } from './content.ts';
import { Random } from './random.ts';

/** One of several threads that use one memory at once. Every body tells its sequence, by which each reader checks it. */
export interface BusyThread {
  readonly handle: MemoryHandle;
  readonly seat: number;
  readonly seed: number;
  readonly operations: number;
  readonly keys: number;
  /** Counts the operations of all threads. */
  readonly progress: SharedArrayBuffer;
}

/** What it tells at its end. */
export interface BusyReport {
  readonly wrong: readonly string[];
  readonly filled: number;
  readonly read: number;
  readonly followed: number;
  readonly loaded: number;
}

const { handle, seat, seed, operations, keys, progress } = workerData as BusyThread;
const memory = new CacheMemory(handle, seat);
const random = new Random(seed);
const spec = memory.specOf('accept-encoding') as number;
const count = new Int32Array(progress);
const report = { wrong: [] as string[], filled: 0, read: 0, followed: 0, loaded: 0 };

let waiting: (() => void)[] = [];
memory.bell.listen(tellFollowers);

/** Of this thread: of what another one does, the bell tells; of what we do ourselves, we. */
function tellFollowers(): void {
  const told = waiting;
  waiting = [];
  for (const resume of told) resume();
}

function lengthOf(sequence: number): number {
  return sequence % 20 === 0 ? (sequence * 7919) % 300_000 : (sequence * 7919) % 9000;
}

function head(sequence: number): Buffer {
  const bytes = Buffer.alloc(8 + (sequence % 600));
  bytes.writeDoubleBE(sequence, 0);
  return bytes;
}

/** Reads an entry, following it as long as its leader goes on. */
async function read(found: Found): Promise<void> {
  const { slot, sequence } = found;
  let seen = memory.news(slot);
  let done = 0;
  for (;;) {
    if (seen.filled > done) {
      const from = random.below(2) === 0 ? done : random.below(done + 1);
      const wrong = wrongByte(sequence, from, memory.body(slot, from, seen.filled));
      if (wrong !== -1) report.wrong.push(`byte ${wrong} of ${seen.filled} of ${sequence}: ${seen.state}`);
      done = seen.filled;
    }
    if (seen.state !== 'pending' && seen.state !== 'filling') break;
    report.followed += 1;
    const { version } = seen;
    for (seen = memory.news(slot); seen.version === version; seen = memory.news(slot)) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }
  if (seen.state === 'complete') {
    const bytes = memory.readHead(slot);
    if (bytes !== undefined && bytes.readDoubleBE(0) !== sequence) report.wrong.push(`head of ${sequence}`);
    if (seen.length !== lengthOf(sequence)) report.wrong.push(`length of ${sequence}: ${seen.length}`);
  }
  report.read += 1;
}

async function fill({ slot, sequence }: Found, variant: VariantHash): Promise<void> {
  const length = lengthOf(sequence);
  const publication = { head: head(sequence), spec, variant };
  const known = random.below(2) === 0;
  if (!memory.publish(slot, { ...publication, length: known ? length : undefined })) return memory.fail(slot);
  for (let filled = 0; filled < length; ) {
    const end = Math.min(length, filled + 1 + random.below(random.below(4) === 0 ? 60_000 : 4000));
    if (!memory.append(slot, content(sequence, filled, end))) return memory.fail(slot);
    filled = end;
    tellFollowers();
    if (random.below(4) === 0) await new Promise(setImmediate);
    if (random.below(200) === 0) return memory.fail(slot);
    if (random.below(200) === 0) return memory.release(slot, 1);
  }
  memory.complete(slot);
  report.filled += 1;
}

async function load({ slot, sequence }: Found): Promise<void> {
  if (memory.beginLoad(slot) !== 'begun') return;
  if (memory.loadHead(slot, head(sequence))) {
    for (let filled = memory.news(slot).filled; filled < lengthOf(sequence); ) {
      const end = Math.min(lengthOf(sequence), filled + 1 + random.below(30_000));
      if (!memory.append(slot, content(sequence, filled, end))) break;
      filled = end;
      if (random.below(4) === 0) await new Promise(setImmediate);
    }
  }
  memory.endLoad(slot);
  report.loaded += 1;
}

async function operate(): Promise<void> {
  const key = random.below(2) === 0 ? random.below(keys) : random.below(Math.ceil(keys / 10));
  const hash = { high: key >> 3, low: key * 3 };
  const variant = { high: 7, low: random.below(2) };
  const dice = random.below(100);
  if (dice === 0) return void memory.removeKey(hash);
  const found = memory.claim(hash, () => variant, { spec, variant });
  if (found === undefined) return;
  memory.touch(found.slot);
  if (found.leads) {
    await fill(found, variant);
    tellFollowers();
  } else if (found.state === 'complete') {
    if (dice < 10) memory.setDisk(found.slot, found.revision, placeIn(1 + dice));
    else if (dice < 15) memory.updateHead(found.slot, found.revision, { head: head(found.sequence) });
    else if (dice < 18) memory.dropBody(found.slot, found.revision);
    else if (dice < 20) memory.remove(found.slot, found.revision);
    else if (memory.news(found.slot).filled === 0) await load(found);
    await read(found);
  } else if (found.state === 'marker') memory.remove(found.slot, found.revision);
  else await read(found);
  if (found.previous !== undefined) memory.unpin(found.previous.slot);
  memory.unpin(found.slot);
  if (dice === 99 && random.below(20) === 0) memory.clearSegment(1 + random.below(10));
}

function placeIn(segment: number): DiskPlace {
  return { segment, offset: 8 * segment, length: 1, sequence: 0, freshUntil: 0 };
}

/** Several at a time, as requests of one thread are. */
async function lane(): Promise<void> {
  for (let i = 0; i < operations; i++) {
    await operate();
    Atomics.add(count, 0, 1);
    if (i % 32 === 0) await new Promise(setImmediate);
  }
}

// Whoever follows waits for nothing but the bell, which does not keep a thread alive.
const alive = setInterval(() => undefined, 1000);
await Promise.all([lane(), lane(), lane(), lane()]);
clearInterval(alive);
memory.bell.close();
if (memory.pinned !== 0) report.wrong.push(`${memory.pinned} slots are still pinned`);
parentPort?.postMessage(report satisfies BusyReport);
