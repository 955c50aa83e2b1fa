import { cpus, release } from 'node:os';
import type { Cores } from './cores.ts';
import type { Row } from './figures.ts';
import { formatTable } from './table.ts';
import { CONNECTIONS, STREAMS } from './works.ts';

/** Everything that a run has to tell; `--json` prints it as it is. */
export interface Report {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  /** What was left out and why, and what else a reader has to know. */
  readonly notes: readonly string[];
  /** Whether every server that is installed has a valid row in every work. */
  readonly complete: boolean;
}

export function describeMachine({ server, load }: Cores): string {
  const pinning =
    server === undefined
      ? 'nothing pinned'
      : `servers on core ${server.join(',')}, load and origin on ${load?.join(',')}`;
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}; ${pinning}`;
}

export function formatReport({ machine, versions, rows, notes }: Report): string {
  const servers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '',
    machine,
    servers.join(' · '),
    `${CONNECTIONS} connections, HTTP/2 with ${STREAMS} streams each; medians; requests per CPU-second of the server's process tree`,
    '',
    formatTable(rows),
    '',
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}
