import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort } from '../../src/base/address.ts';
import { freePorts } from './free-ports.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { tempDir } from './temp.ts';

export interface UnboundSettings {
  /** Who is asked for names of these zones. All else leads nowhere. */
  readonly zones: Readonly<Record<string, HostPort>>;
  /** More lines of its `server:`. */
  readonly lines?: readonly string[];
}

/**
 * Debian's unbound with one thread, which mixes the case of what it asks for (0x20), and tells each server no more of a name than
 * it must (RFC 9156), however that is answered.
 */
export async function startUnbound(settings: UnboundSettings): Promise<NameServer> {
  const directory = await tempDir('unbound');
  const [port] = (await freePorts('127.0.0.1', 1)) as [number];
  await writeFile(join(directory, 'root.hints'), NO_ROOT);
  const file = join(directory, 'unbound.conf');
  await writeFile(file, configuration(directory, port, settings));
  return startNameServer({
    command: 'unbound',
    args: ['-d', '-p', '-c', file],
    at: { host: '127.0.0.1', port },
  });
}

/** Nobody is there, so no question leaves the machine. */
export const NO_ROOT = '. 3600000 NS a.root.test.\na.root.test. 3600000 A 127.0.0.1\n';

function configuration(directory: string, port: number, { zones, lines = [] }: UnboundSettings): string {
  return `
server:
  directory: "${directory}"
  chroot: ""
  username: ""
  use-syslog: no
  log-queries: no
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1
  port: ${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  root-hints: "root.hints"
  module-config: "iterator"
  use-caps-for-id: yes
  qname-minimisation: yes
  qname-minimisation-strict: yes
${lines.map((line) => `  ${line}`).join('\n')}
remote-control:
  control-enable: no
${Object.entries(zones)
  .map(([name, at]) => `stub-zone:\n  name: "${name}"\n  stub-addr: ${at.host}@${at.port}`)
  .join('\n')}
`;
}
