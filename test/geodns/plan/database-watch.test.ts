import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DatabaseWatch } from '../../../src/geodns/plan/database-watch.ts';
import { type CompiledTables, compiledTables } from '../../../src/geodns/plan/geo-tables.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import { compileHere, smallDatabase } from './settings.ts';

/** Where London is said to be. */
const HERE = smallDatabase();
const AUSTRALIA = smallDatabase([-33.9, 151.2]);

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await tempDir();
  file = join(directory, 'city.mmdb');
  writeFileSync(file, HERE);
});

/** A watch that looks when it is told to. */
async function watch({ compile = compileHere, interval = 0 } = {}) {
  const order = {
    files: [file],
    datacenters: [
      { name: 'uk', nets: [], location: [51.5, -0.1] as const },
      { name: 'au', nets: [], location: [-33.9, 151.2] as const },
    ],
    maps: [{ name: 'm', mode: 'closest' as const, datacenters: [0, 1], ranked: 3 }],
  };
  const taken: CompiledTables[] = [];
  const told: string[] = [];
  const news = Promise.withResolvers<void>();
  const made = new DatabaseWatch(await compiledTables(order, undefined, compileHere), {
    onTables: (tables) => {
      taken.push(tables);
      news.resolve();
    },
    log: {
      info: (event) => told.push(event),
      error: (event, fields) => told.push(`${event}: ${(fields as { problem: string }).problem}`),
    },
    compile,
    interval,
  });
  atTeardown(() => made.close());
  const look = async (times: number) => {
    for (let i = 0; i < times; i++) await made.look();
  };
  return { made, taken, told, look, news: news.promise };
}

/** As programs replace files that others read. */
function replace(bytes: Uint8Array): void {
  writeFileSync(join(directory, 'new'), bytes);
  renameSync(join(directory, 'new'), file);
}

describe('a database that is replaced', () => {
  test('is read once it has stood for one interval', async () => {
    const { taken, told, look } = await watch();
    await look(3);
    replace(AUSTRALIA);
    await look(1);
    expect(taken).toHaveLength(0);
    await look(3);
    expect(taken).toHaveLength(1);
    expect(taken[0]?.maps[0]?.orders).toContainEqual([1, 0]);
    expect(told).toEqual(['geo database replaced']);
  });

  test('is seen by its inode alone', async () => {
    const { taken, look } = await watch();
    const { atime, mtime, size } = statSync(file);
    expect(AUSTRALIA).toHaveLength(size);
    replace(AUSTRALIA);
    utimesSync(file, atime, mtime);
    await look(2);
    expect(taken).toHaveLength(1);
  });

  test('is not read while it is still being written', async () => {
    const { taken, told, look } = await watch();
    for (const part of [100, 200, 300]) {
      writeFileSync(file, AUSTRALIA.subarray(0, part));
      await look(1);
    }
    writeFileSync(file, AUSTRALIA);
    await look(1);
    expect(told).toEqual([]);
    await look(1);
    expect(taken).toHaveLength(1);
  });

  test('is told once when it is damaged, has a problem for as long, and is read when it was mended', async () => {
    const { made, taken, told, look } = await watch();
    replace(AUSTRALIA.subarray(0, 300));
    await look(4);
    expect(taken).toHaveLength(0);
    expect(told).toEqual([
      `geo database refused, the old one serves on: ${file} is no MaxMind DB, or is cut off: there is no metadata at its end`,
    ]);
    expect(made.problem).toMatch(/cut off/);
    replace(AUSTRALIA);
    await look(2);
    expect(taken).toHaveLength(1);
    expect(made.problem).toBeUndefined();
  });

  test('is told when it is gone, and read when it is back', async () => {
    const { taken, told, look } = await watch();
    rmSync(file);
    await look(3);
    expect(told).toEqual([expect.stringMatching(/^geo database refused, .* cannot be read: /)]);
    writeFileSync(file, AUSTRALIA);
    await look(2);
    expect(taken).toHaveLength(1);
  });

  test('is read again when it was replaced while it was read', async () => {
    const compile: typeof compileHere = async (order) => {
      const tables = await compileHere(order);
      if (taken.length === 0) replace(HERE);
      return tables;
    };
    const { taken, look } = await watch({ compile });
    replace(AUSTRALIA);
    await look(5);
    expect(taken.map(({ maps }) => maps[0]?.orders.length)).toEqual([2, 2]);
    expect(taken).toHaveLength(2);
  });

  test("is nobody's any more when the watch is over", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const compile: typeof compileHere = async (order) => {
      begun.resolve();
      await go.promise;
      return compileHere(order);
    };
    const { made, taken, told, look } = await watch({ compile });
    replace(AUSTRALIA);
    await look(1);
    const looked = made.look();
    await begun.promise;
    made.close();
    go.resolve();
    await looked;
    expect({ taken, told }).toEqual({ taken: [], told: [] });
  });

  test('is seen without anybody who looks', async () => {
    const { news } = await watch({ interval: 5 });
    replace(AUSTRALIA);
    await within(news, 'the watch to see it');
  });
});
