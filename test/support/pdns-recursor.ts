import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '../../src/base/address.ts';
import { formatHostPort } from '../../src/base/address.ts';
import { freePorts } from './free-ports.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { tempDir } from './temp.ts';
import { NO_ROOT } from './unbound.ts';

export interface RecursorSettings {
  /** Who is asked for names of these zones. All else leads nowhere. */
  readonly zones: Readonly<Record<string, HostPort>>;
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
}

/**
 * Debian's PowerDNS Recursor with one thread. It tells the servers of these zones the net of the client, /24 or /56 (RFC 7871),
 * and believes clients what they say of it.
 */
export async function startRecursor(settings: RecursorSettings): Promise<NameServer> {
  const directory = await tempDir('recursor');
  const [port] = (await freePorts('127.0.0.1', 1)) as [number];
  await writeFile(join(directory, 'root.hints'), NO_ROOT);
  await writeFile(join(directory, 'recursor.conf'), configuration(directory, port, settings));
  return startNameServer({
    command: 'pdns_recursor',
    args: [`--config-dir=${directory}`],
    at: { host: '127.0.0.1', port },
  });
}

function configuration(directory: string, port: number, { zones, lines = [] }: RecursorSettings): string {
  const servers = Object.entries(zones).map(([name, { host, port }]) => `${name}=${formatHostPort(host, port)}`);
  return `
daemon=no
write-pid=no
disable-syslog=yes
socket-dir=${directory}
hint-file=${join(directory, 'root.hints')}
security-poll-suffix=
local-address=127.0.0.1:${port}
allow-from=127.0.0.0/8
threads=1
pdns-distributes-queries=no
reuseport=no
dnssec=off
dont-query=
forward-zones=${servers.join(',')}
edns-subnet-allow-list=${Object.keys(zones).join(',')}
use-incoming-edns-subnet=yes
${lines.join('\n')}
`;
}
