import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Invalidations } from '../../src/cache/invalidations.ts';
import { CELLS, INVALIDATIONS_FILE, InvalidationsFile } from '../../src/cache/invalidations-file.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { recordedLog } from './disk/scene.ts';

const START = 1_000_000;

async function open(tables = 2) {
  const directory = await tempDir('invalidations');
  const path = join(directory, INVALIDATIONS_FILE);
  const { log, events } = recordedLog();
  const restore = (wanted = tables, sequence = START) => InvalidationsFile.restore(directory, wanted, sequence);
  const known = restore();
  const memory = Invalidations.allocate(known.cells);
  /** What the worker with this number has, and what others do beside it. */
  const thread = (table: number) => {
    const file = new InvalidationsFile(directory, table, log);
    atTeardown(() => file.close());
    return new Invalidations(memory, file);
  };
  return { directory, path, events, known, restore, thread };
}

const nothing = (cells: Float64Array) => cells.every((cell) => cell === START);

describe('what is invalid', () => {
  test('is what has a lower number, of the same cell, in all threads', () => {
    const memory = Invalidations.allocate();
    const [one, other] = [new Invalidations(memory), new Invalidations(memory)];
    one.note(7, 100);
    expect([99, 100, 101].map((sequence) => other.isValid(7, sequence))).toEqual([false, true, true]);
    expect([99, 100].map((sequence) => other.isValidOnDisk(7, sequence))).toEqual([false, true]);
    expect([other.isValid(8, 0), other.isValidOnDisk(6, 0)]).toEqual([true, true]);
    other.note(7, 50);
    expect(one.isValid(7, 99)).toBe(false);
  });

  test('on disk may be good in memory', () => {
    const invalidations = new Invalidations(Invalidations.allocate());
    invalidations.noteOnDisk(7, 100);
    expect([invalidations.isValidOnDisk(7, 99), invalidations.isValid(7, 99)]).toEqual([false, true]);
  });

  test('has a cell for every hash', () => {
    const invalidations = new Invalidations(Invalidations.allocate());
    for (const low of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const cell = invalidations.cellOf({ high: 5, low });
      expect(cell >= 0 && cell < CELLS).toBe(true);
    }
  });
});

describe('the file', () => {
  test('is for its owner alone, and as long as it will ever be', async () => {
    const { path, thread } = await open(2);
    const { size, mode } = statSync(path);
    expect([size, mode & 0o777]).toEqual([32 + 2 * 8 * CELLS, 0o600]);
    thread(1).note(CELLS - 1, START + 1);
    expect(statSync(path).size).toBe(size);
  });

  test('tells what was noted by whom ever, the highest number of each cell, and has the same seed', async () => {
    const { known, restore, thread } = await open();
    const [one, other] = [thread(0), thread(1)];
    one.note(3, START + 1);
    other.note(3, START + 2);
    one.note(CELLS - 1, START + 3);
    other.noteOnDisk(4, START - 50);
    other.note(5, START + 5);
    other.noteOnDisk(5, START + 4);
    const { seed, cells, problem } = restore(2, START + 10);
    expect([seed, problem]).toEqual([known.seed, undefined]);
    // At the first start there was no file: nothing older counts.
    const changed = [...cells.entries()].filter(([, cell]) => cell !== START);
    expect(changed).toEqual([
      [3, START + 2],
      [5, START + 5],
      [CELLS - 1, START + 3],
    ]);
  });

  test.each([
    { before: 1, after: 4 },
    { before: 4, after: 1 },
  ])('keeps what it knows when there were $before workers and are $after', async ({ before, after }) => {
    const { known, restore, thread } = await open(before);
    thread(before - 1).note(3, START + 1);
    for (let i = 0; i < 2; i++) {
      const { seed, cells } = restore(after, START + 10);
      expect([seed, cells[3]]).toEqual([known.seed, START + 1]);
    }
    thread(after - 1).note(3, START + 2);
    expect(restore(after, START + 10).cells[3]).toBe(START + 2);
  });

  const DAMAGES: readonly { readonly name: string; readonly damage: (path: string) => void }[] = [
    { name: 'is missing', damage: (path) => rmSync(path) },
    { name: 'is empty', damage: (path) => writeFileSync(path, '') },
    { name: 'is too short', damage: (path) => writeFileSync(path, readFileSync(path).subarray(0, -8)) },
    { name: 'is too long', damage: (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(1)])) },
    { name: 'is of another version', damage: (path) => change(path, 8) },
    { name: 'has another seed', damage: (path) => change(path, 20) },
    { name: 'is of another number of workers', damage: (path) => change(path, 12) },
    { name: 'is something else', damage: (path) => writeFileSync(path, Buffer.alloc(32 + 8 * CELLS, 'x')) },
  ];

  test.each(DAMAGES)('that $name begins anew, and nothing on disk counts', async ({ damage }) => {
    const { path, known, restore } = await open(1);
    damage(path);
    const { seed, cells, problem } = restore();
    expect([nothing(cells), problem]).toEqual([true, undefined]);
    expect(seed).not.toEqual(known.seed);
    expect(restore().seed).toEqual(seed);
  });

  test.each([Number.NaN, -1, START + 1, Number.POSITIVE_INFINITY])(
    'with %d in a cell: nothing that is older counts there, and all else as before',
    async (value) => {
      const { path, restore, thread } = await open(1);
      thread(0).note(4, START + 1);
      const bytes = readFileSync(path);
      bytes.fill(0, 32);
      bytes.writeDoubleLE(value, 32 + 8 * 3);
      bytes.writeDoubleLE(7, 32 + 8 * 4);
      writeFileSync(path, bytes);
      const { cells } = restore();
      expect([cells[3], cells[4], cells[5]]).toEqual([START, 7, 0]);
    },
  );

  test('that cannot be made says why, and nobody writes to what is there', async () => {
    const { path, events, restore, thread } = await open(1);
    mkdirSync(`${path}.new`);
    thread(0).note(3, START + 1);
    const { cells, problem } = restore(2, START + 10);
    expect([cells[3], problem]).toMatchObject([START + 1, { code: 'EISDIR' }]);
    thread(1).note(3, START + 2);
    expect([() => statSync(path), events]).toEqual([expect.any(Function), []]);
    expect(() => statSync(path)).toThrow('ENOENT');
    rmSync(`${path}.new`, { recursive: true });
    const next = restore(2, START + 20);
    expect(next.cells.every((cell) => cell === START + 20)).toBe(true);
  });

  test('that can be written no more is removed, and the operator is told once', async () => {
    const { path, events, thread, restore } = await open(2);
    rmSync(path);
    symlinkSync('/dev/full', path);
    for (const one of [thread(0), thread(1)]) for (let i = 0; i < 3; i++) one.note(3, START + 1);
    expect(events).toMatchObject([
      { level: 'error', event: 'what requests make invalid cannot be remembered', fields: { file: path } },
    ]);
    expect(nothing(restore().cells)).toBe(true);
  });

  test('that may not be opened is removed', async (context) => {
    if (process.getuid?.() === 0) return context.skip('root may open everything');
    const { path, events, thread, restore } = await open(1);
    chmodSync(path, 0o400);
    thread(0).note(3, START + 1);
    expect(events).toHaveLength(1);
    expect(nothing(restore().cells)).toBe(true);
  });
});

function change(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}
