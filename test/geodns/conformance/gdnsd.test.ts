import type { HostPort } from '../../../src/base/address.ts';
import { startGdnsd } from '../../support/gdnsd.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { describeMatrix } from './matrix.ts';
import { expectedOfGdnsd } from './probe.ts';
import { GDNSD_OPTIONS, GDNSD_PLUGINS, GDNSD_ZONE } from './site.ts';

/** Shows that the probes are right: gdnsd replies as they say, and where it does otherwise, they know. */
describeWithPeers(['gdnsd'], 'gdnsd replies to probes', () => {
  describeMatrix({ start, expectedOf: expectedOfGdnsd, traits: { udpLength: 1024 } });
});

async function start(): Promise<HostPort> {
  const zones = { 'example.com': GDNSD_ZONE };
  const { port } = await startGdnsd({ zones, options: GDNSD_OPTIONS, plugins: GDNSD_PLUGINS });
  return { host: '127.0.0.1', port };
}
