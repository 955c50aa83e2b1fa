import { cpus, release } from 'node:os';
import type { Cores } from './cores.ts';
import type { Row } from './figures.ts';
import { formatMemory, type MemoryRow } from './memory.ts';
import { formatTable } from './table.ts';
import { CONNECTIONS, STREAMS } from './works.ts';

/** Everything that a run has to tell; `--json` prints it as it is. */
export interface Report {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  /** What the servers of the rows were loaded with, and what is counted: `req`. */
  readonly load: string;
  readonly unit: string;
  /** Bytes of memory for a cached object. */
  readonly memory: readonly MemoryRow[];
  /** What was left out and why, and what else a reader has to know. */
  readonly notes: readonly string[];
  /** Whether every server that is installed has a valid row in every work. */
  readonly complete: boolean;
}

export function describeMachine({ server, load }: Cores): string {
  const pinning =
    server === undefined
      ? 'nothing pinned'
      : `servers on core ${server.join(',')}, load and all else on ${load?.join(',')}`;
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}; ${pinning}`;
}

export const HTTP_LOAD = `${CONNECTIONS} connections, HTTP/2 with ${STREAMS} streams each; medians; requests per CPU-second of the server's process tree`;

const MEMORY = "memory that a cached object of 1 KiB takes, its body included; growth of the server's PSS";

export function formatReport({ machine, versions, rows, load, unit, memory, notes }: Report): string {
  const servers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '',
    machine,
    servers.join(' · '),
    ...(rows.length === 0 ? [] : [load, '', formatTable(rows, unit)]),
    ...(memory.length === 0 ? [] : ['', MEMORY, '', formatMemory(memory)]),
    '',
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}
