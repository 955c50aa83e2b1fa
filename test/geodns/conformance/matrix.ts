import { beforeAll, describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { DIALOGUES, playPortZero, raw } from './dialogues.ts';
import { exchange } from './exchange.ts';
import { bytesOf, checkReply, type Expected, type Probe, type ServerTraits } from './probe.ts';
import { PROBES } from './probes.ts';

export interface ProbedServer {
  /** Starts it with what `site.ts` has, once for all probes. */
  start(): Promise<HostPort>;
  expectedOf(probe: Probe): Expected | 'silence';
  readonly traits: ServerTraits;
}

/** Sends all probes to a server, each by UDP and by TCP, and holds the replies against what it must reply. */
export function describeMatrix({ start, expectedOf, traits }: ProbedServer): void {
  let at: HostPort;

  beforeAll(async () => {
    at = await start();
  });

  describe.each<Transport>(['udp', 'tcp'])('%s', (transport) => {
    describe.each(Object.entries(PROBES))('%s', (_, probes) => {
      test.each(probes.filter(({ only }) => only === undefined || only === transport))('$name', async (probe) => {
        const query = bytesOf(probe);
        const reply = await exchange(query, transport, at);
        checkReply(query, reply, expectedOf(probe), transport, traits);
        // Whoever asks again is told the same, whether or not it is ready by then.
        if (reply !== undefined) expect(await exchange(query, transport, at)).toHaveLength(reply.length);
      });
    });
  });

  describe('several messages', () => {
    test.each(DIALOGUES)('$name', ({ play }) => play(at));

    test.skipIf(raw === undefined)('queries from port 0, to which nobody can reply, do no harm', () =>
      playPortZero(at),
    );
  });
}
