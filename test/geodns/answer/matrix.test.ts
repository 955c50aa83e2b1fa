import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { Served } from '../../../src/geodns/plan/served.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { tempDir } from '../../support/temp.ts';
import { bytesOf, checkReply } from '../conformance/probe.ts';
import { PROBES } from '../conformance/probes.ts';
import { dnsOfSite, masterFile, NSID, VERSION } from '../conformance/site.ts';
import { planOf, standings } from '../plan/settings.ts';
import { TestResponder } from './responders.ts';

/** The probes that name servers are sent, without a network: each way in which an answer comes about is taken. */

let served: Served;

beforeAll(async () => {
  const file = join(await tempDir(), 'example.com.zone');
  await writeFile(file, masterFile());
  const { plan } = await planOf(dnsOfSite(file));
  served = new Served(plan, standings(plan.datacenters.length));
});

function newResponder(): TestResponder {
  const told = { nsid: Buffer.from(NSID), id: NSID, version: VERSION, keepalive: 200 };
  const responder = new TestResponder(told, 'none yet');
  responder.responder.serve(served.zones);
  return responder;
}

describe.each<Transport>(['udp', 'tcp'])('over %s', (transport) => {
  describe.each(Object.entries(PROBES))('%s', (_, probes) => {
    test.each(probes.filter(({ only }) => only === undefined || only === transport))('$name', (probe) => {
      const responder = newResponder();
      const query = bytesOf(probe);
      // The first time by way of the zones, the second by what is compiled, the third from the cache.
      const [reply, ...again] = [1, 2, 3].map(() => responder.send(query, { transport, from: '7f000001' }));
      checkReply(query, reply, probe.expected, transport, { udpLength: 1232 });
      expect(again).toEqual([reply, reply]);
      expect(responder.failures).toEqual([]);
    });
  });

  test('source port 0: silence', () => {
    expect(newResponder().send(dnsQuery({}), { transport, port: 0 })).toBeUndefined();
  });

  test('a name of 64 KB', () => {
    const query = dnsQuery({ question: `${'0161'.repeat(32_000)}0000010001` });
    checkReply(query, newResponder().send(query, { transport }), { rcode: 1, question: false }, transport, {
      udpLength: 1232,
    });
  });
});
