import { beforeAll, describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { CLASS, RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { exchange } from './exchange.ts';
import { describeMatrix } from './matrix.ts';
import { checkReply, type Expected } from './probe.ts';
import { startPorticoWithSite } from './servers.ts';

const TRAITS = { udpLength: 1232 };

const engines = process.platform === 'linux' ? ['plain', 'batch'] : ['plain'];

describe.each(engines)('Portico with its engine %s replies to probes', (engine) => {
  describeMatrix({
    start: () => startPorticoWithSite({ engine }),
    expectedOf: ({ expected }) => expected,
    traits: TRAITS,
  });
});

describe('of itself Portico tells nothing unless it is told to', () => {
  const hidden: Expected = { rcode: RCODE.REFUSED, aa: false, answers: 0 };
  let at: HostPort;

  beforeAll(async () => {
    at = await startPorticoWithSite({ nsid: undefined, version: undefined });
  });

  test.each(['version.bind.', 'version.server.', 'id.server.', 'hostname.bind.'])('%s', async (name) => {
    const query = dnsQuery({ name, type: TYPE.TXT, class: CLASS.CH });
    checkReply(query, await exchange(query, 'udp', at), hidden, 'udp', TRAITS);
  });

  test('NSID', async () => {
    const query = dnsQuery({ edns: { options: [[3, '']] } });
    const more: Expected['more'] = ({ opt }) => expect(opt?.options).toEqual({});
    checkReply(query, await exchange(query, 'udp', at), { rcode: RCODE.NOERROR, more }, 'udp', TRAITS);
  });
});
