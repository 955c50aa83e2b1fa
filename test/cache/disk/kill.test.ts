import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { DiskDirectory } from '../../../src/cache/disk/disk-directory.ts';
import { DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import type { RecordPlace } from '../../../src/cache/disk/record.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { digestOf, keyOf, longShapeOf, MIB, randomNumbers, recordOf } from './records.ts';
import { readBack, recordedLog, recovered } from './scene.ts';

const PROCESS = new URL('./writing-process.ts', import.meta.url).pathname;
const SIZE = 8 * MIB;
const ROUNDS = 30;

/** A process that waits to be told to write. */
function startProcess(path: string, compiled: string) {
  const child = spawn(process.execPath, [PROCESS, path, String(SIZE)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  atTeardown(() => child.kill('SIGKILL'));
  return child;
}

/** Lets a process write, kills it when it has said so much, and returns what it said was written. */
async function killedWhileWriting(
  child: ReturnType<typeof startProcess>,
  first: number,
  after: number,
): Promise<Map<number, RecordPlace>> {
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (text) => {
    output += text;
    if (output.length >= after) child.kill('SIGKILL');
  });
  child.stdin.on('error', () => {}).write(`${first}\n`);
  const [code, signal] = await once(child, 'close');
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  const told = new Map<number, RecordPlace>();
  for (const line of output.split('\n').slice(0, -1)) {
    const [seed, segment, offset, length] = line.split(' ').map(Number) as [number, number, number, number];
    told.set(seed, { segment, offset, length });
  }
  return told;
}

test(`a process that is killed ${ROUNDS} times leaves only whole records, and all that it said were written`, async () => {
  const [path, compiled] = [await tempDir('disk'), await tempDir('compiled')];
  const random = randomNumbers(7);
  const written = new Map<number, RecordPlace>();
  let next = 1;
  let checked = 0;
  let child = startProcess(path, compiled);
  for (let round = 0; round < ROUNDS; round++) {
    // Some 17 characters a record.
    const told = await killedWhileWriting(child, next, 1 + random() * 2500);
    if (round + 1 < ROUNDS) child = startProcess(path, compiled);
    for (const [seed, place] of told) {
      written.set(seed, place);
      next = Math.max(next, seed + 100);
    }
    checked += await check(path, written, round);
  }
  expect(checked).toBeGreaterThan(ROUNDS * 10);
}, 120_000);

async function check(path: string, written: ReadonlyMap<number, RecordPlace>, round: number): Promise<number> {
  const { log, events } = recordedLog();
  const directory = await DiskDirectory.open({ directory: path, size: SIZE, workers: 2, forget: () => {}, log });
  const tier = new DiskTier(directory.plan, { worker: 0, forget: () => {}, log });
  const found = await recovered(directory);
  for (const [key, { place, sequence }] of found) {
    expect(await readBack(tier, place), `round ${round}, ${key}`).toBe(expectedDigest(sequence));
  }
  for (const [seed, place] of written) {
    if (!tier.isLive(place.segment)) continue; // evicted
    expect(found.get(keyOf(seed).toString())?.place, `round ${round}, ${seed}`).toEqual(place);
  }
  expect(events.filter(({ level }) => level !== 'info')).toEqual([]);
  await tier.close();
  await directory.close();
  return found.size;
}

const digests = new Map<number, string>();

function expectedDigest(seed: number): string {
  const digest = digests.get(seed) ?? digestOf(recordOf(seed, longShapeOf(seed)));
  digests.set(seed, digest);
  return digest;
}
