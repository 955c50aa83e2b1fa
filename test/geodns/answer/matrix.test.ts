import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AnswerSettings } from '../../../src/geodns/answer/settings.ts';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { Served } from '../../../src/geodns/plan/served.ts';
import { CLASS, RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { tempDir } from '../../support/temp.ts';
import { bytesOf, checkReply, type Expected, MALFORMED } from '../conformance/probe.ts';
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

const TOLD = { nsid: Buffer.from(NSID), id: NSID, version: VERSION, keepalive: 200 };
const TRAITS = { udpLength: 1232 };

function newResponder(told: Partial<AnswerSettings> = TOLD): TestResponder {
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
      checkReply(query, reply, probe.expected, transport, TRAITS);
      expect(again).toEqual([reply, reply]);
      expect(responder.failures).toEqual([]);
    });
  });

  test('source port 0: silence', () => {
    expect(newResponder().send(dnsQuery({}), { transport, port: 0 })).toBeUndefined();
  });

  test('a name of 64 KB', () => {
    const query = dnsQuery({ question: `${'0161'.repeat(32_000)}0000010001` });
    checkReply(query, newResponder().send(query, { transport }), MALFORMED, transport, TRAITS);
  });
});

describe('of itself it tells nothing unless it is told to', () => {
  const hidden: Expected = { rcode: RCODE.REFUSED, aa: false, answers: 0 };

  test.each(['version.bind.', 'version.server.', 'id.server.', 'hostname.bind.'])('%s', (name) => {
    const query = dnsQuery({ name, type: TYPE.TXT, class: CLASS.CH });
    checkReply(query, newResponder({}).send(query), hidden, 'udp', TRAITS);
  });

  test('NSID, and when connections are closed', () => {
    const options = [
      [3, ''],
      [11, ''],
    ] as const;
    const { opt } = newResponder({}).ask({ edns: { options } }, { transport: 'tcp' });
    expect(opt?.options).toEqual({});
  });
});
