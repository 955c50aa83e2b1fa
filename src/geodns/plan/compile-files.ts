import { compile, type GeoTables } from '../geo/compile.ts';
import { DatabaseError } from '../geo/mmdb/database-error.ts';
import { openDatabase } from '../geo/mmdb/open-database.ts';
import type { Datacenter } from '../geo/plan.ts';
import type { MapPlan } from './dns-plan.ts';

/** What tables are compiled of. */
export interface CompileOrder {
  /** Paths of the databases. */
  readonly files: readonly string[];
  readonly datacenters: readonly Datacenter[];
  readonly maps: readonly MapPlan[];
}

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
