import { parseArgs } from 'node:util';
import { fifo, lru } from './policies/fifo.ts';
import { s3Fifo, s3FifoEager } from './policies/s3-fifo.ts';
import { sieve } from './policies/sieve.ts';
import { tinyLfu } from './policies/tiny-lfu.ts';
import type { PolicyKind } from './policy.ts';
import { type HitRatio, simulate } from './simulate.ts';
import { makeTrace, type TraceKind } from './trace.ts';

/**
 * `npm run bench:eviction`: how often caches find what they are asked for, by the way they choose who goes. A simulation on
 * made traces, the same for each seed; it says which way is better, not what a site's own hit ratio will be.
 */

const POLICIES: readonly PolicyKind[] = [fifo, lru, sieve, s3Fifo, s3FifoEager, tinyLfu];

const ZIPF = [0.8, 0.9, 1, 1.1];
const SCANS = [0, 0.05, 0.2];
const SIZES = ['mixed', 'equal'] as const;
/** The cache, as a share of the bytes of all objects that are asked for again. */
const CAPACITIES = [0.01, 0.05, 0.1];

interface Line {
  readonly kind: TraceKind;
  readonly capacity: number;
  readonly ratios: readonly HitRatio[];
}

function main(): void {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '1000000' },
      objects: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      drift: { type: 'string', default: '0' },
    },
  });
  const drift = Number(values.drift);
  const size = { requests: Number(values.requests), objects: Number(values.objects), seed: Number(values.seed) };
  console.log(
    `${size.requests} requests for ${size.objects} objects and those of scans, seed ${size.seed}, drift ${drift}; hit ratio in percent: objects, bytes\n`,
  );
  const all: Line[] = [];
  print(['sizes', 'zipf', 'scans', 'cache', ...POLICIES.map(({ name }) => name)]);
  for (const sizes of SIZES) {
    for (const zipf of ZIPF) {
      for (const scans of SCANS) {
        const kind = { zipf, scans, sizes, drift };
        const trace = makeTrace(kind, size);
        for (const capacity of CAPACITIES) {
          const ratios = POLICIES.map((policy) => simulate(policy, trace, Math.floor(trace.popularBytes * capacity)));
          const line = { kind, capacity, ratios };
          all.push(line);
          print(cellsOf(line));
        }
      }
    }
  }
  console.log();
  for (const sizes of SIZES) print(['mean', '', '', sizes, ...meansOf(all.filter(({ kind }) => kind.sizes === sizes))]);
}

function cellsOf({ kind: { sizes, zipf, scans }, capacity, ratios }: Line): string[] {
  return [sizes, zipf.toFixed(1), percent(scans), percent(capacity), ...ratios.map(show)];
}

function meansOf(lines: readonly Line[]): string[] {
  const mean = (of: (line: Line) => number) => lines.reduce((sum, line) => sum + of(line), 0) / lines.length;
  return POLICIES.map((_, index) =>
    show({
      objects: mean(({ ratios }) => ratios[index]?.objects ?? 0),
      bytes: mean(({ ratios }) => ratios[index]?.bytes ?? 0),
    }),
  );
}

function show({ objects, bytes }: HitRatio): string {
  return `${(objects * 100).toFixed(1)} ${(bytes * 100).toFixed(1).padStart(4)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function print(cells: readonly string[]): void {
  console.log(
    cells.map((cell, column) => (column === 0 ? cell.padEnd(6) : cell.padStart(column < 4 ? 7 : 12))).join(''),
  );
}

main();
