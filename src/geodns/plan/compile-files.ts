import { compile, type GeoTables } from '../geo/compile.ts';
import { DatabaseError } from '../geo/mmdb/database-error.ts';
import { openDatabase } from '../geo/mmdb/open-database.ts';
import type { CompileOrder } from './compile-order.ts';

/** Compiles, and has who calls wait for it: seconds for a large database. Throws a `DatabaseError` that names the file. */
export function compileFiles({ files, datacenters, maps }: CompileOrder): GeoTables {
  const databases = files.map(openDatabase);
  try {
    return compile(databases, datacenters, maps);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new DatabaseError(`${files.join(' or ')} ${error.message}`, { cause: error });
  }
}
