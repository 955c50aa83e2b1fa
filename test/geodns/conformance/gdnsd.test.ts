import { beforeAll, describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { exchange } from './exchange.ts';
import { describeMatrix } from './matrix.ts';
import { bytesOf, checkReply, expectedOfGdnsd } from './probe.ts';
import { PROBES } from './probes.ts';
import { startGdnsdWithSite } from './servers.ts';

const TRAITS = { udpLength: 1024 };

/** Shows that the probes are right: gdnsd replies as they say, and where it does otherwise, they know. */
describeWithPeers(['gdnsd'], 'gdnsd replies to probes', () => {
  describeMatrix({ start: startGdnsdWithSite, expectedOf: expectedOfGdnsd, traits: TRAITS });

  describe('otherwise than Portico', () => {
    const different = Object.values(PROBES).flatMap((probes) => probes.filter(({ gdnsd }) => gdnsd !== undefined));
    let at: HostPort;

    beforeAll(async () => {
      at = await startGdnsdWithSite();
    });

    test.each(different)('$name: $gdnsd.why', async (probe) => {
      const { expected, only = 'udp' } = probe;
      const query = bytesOf(probe);
      const reply = await exchange(query, only, at);
      expect(() => checkReply(query, reply, expected, only, TRAITS)).toThrow();
    });
  });
});
