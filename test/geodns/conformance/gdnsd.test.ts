import { describeWithPeers } from '../../support/peers.ts';
import { describeMatrix } from './matrix.ts';
import { expectedOfGdnsd } from './probe.ts';
import { startGdnsdWithSite } from './servers.ts';

/** Shows that the probes are right: gdnsd replies as they say, and where it does otherwise, they know. */
describeWithPeers(['gdnsd'], 'gdnsd replies to probes', () => {
  describeMatrix({ start: startGdnsdWithSite, expectedOf: expectedOfGdnsd, traits: { udpLength: 1024 } });
});
