import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostPort, parseListenAddress } from '../../../src/base/address.ts';
import { frontDoor } from '../../stories/front-door.ts';
import { startGdnsd } from '../../support/gdnsd.ts';
import { startPortico } from '../../support/portico.ts';
import { tempDir } from '../../support/temp.ts';
import { dnsOfSite, GDNSD_OPTIONS, GDNSD_PLUGINS, GDNSD_ZONE, masterFile } from './site.ts';

/** Debian's, with the site that is probed. */
export async function startGdnsdWithSite(): Promise<HostPort> {
  const zones = { 'example.com': GDNSD_ZONE };
  const { port } = await startGdnsd({ zones, options: GDNSD_OPTIONS, plugins: GDNSD_PLUGINS });
  return { host: '127.0.0.1', port };
}

/** A node with that site. `more`: settings of `dns:`. */
export async function startPorticoWithSite(more: object = {}): Promise<HostPort> {
  const file = join(await tempDir(), 'example.com.zone');
  await writeFile(file, masterFile());
  const dns = dnsOfSite(file, { listen: ['127.0.0.1:0'], ...more });
  const { events } = await startPortico({
    ...frontDoor({ origins: ['http://127.0.0.1:9'], node: { workers: 1 } }),
    dns,
  });
  const { dns: listeners } = await events.waitFor('ready');
  return parseListenAddress((listeners as readonly string[])[0] as string) as HostPort;
}
