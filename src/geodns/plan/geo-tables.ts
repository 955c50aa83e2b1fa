import { stat } from 'node:fs/promises';
import type { GeoTables } from '../geo/compile.ts';
import type { CompileOrder } from './compile-files.ts';
import { type Compile, compileAside } from './compile-order.ts';

/** Tables, and what they were compiled of. */
export interface CompiledTables extends GeoTables {
  readonly order: CompileOrder;
  /** Of the files, before they were read. */
  readonly stamp: string;
}

/**
 * What tells a state of files from another. Who replaces a file by renaming gives it another inode, should size and time be
 * the same.
 */
export async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found === undefined ? 'missing' : `${found.ino} ${found.size} ${found.mtimeMs}`;
    }),
  );
  return stamps.join('\n');
}

/** Compiles; `before` is what there is, and is taken again where nothing that it was made of has changed. */
export async function compiledTables(
  order: CompileOrder,
  before?: CompiledTables,
  compile: Compile = compileAside,
): Promise<CompiledTables> {
  const stamp = await stampOf(order.files);
  if (before?.stamp === stamp && JSON.stringify(before.order) === JSON.stringify(order)) return before;
  return { ...(await compile(order)), order, stamp };
}
