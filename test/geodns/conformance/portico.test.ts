import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HostPort, parseListenAddress } from '../../../src/base/address.ts';
import { CLASS, RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { frontDoor } from '../../stories/front-door.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { startPortico } from '../../support/portico.ts';
import { tempDir } from '../../support/temp.ts';
import { exchange } from './exchange.ts';
import { describeMatrix } from './matrix.ts';
import { checkReply, type Expected } from './probe.ts';
import { dnsOfSite, masterFile } from './site.ts';

const TRAITS = { udpLength: 1232 };

const engines = process.platform === 'linux' ? ['plain', 'batch'] : ['plain'];

describe.each(engines)('Portico with its engine %s replies to probes', (engine) => {
  describeMatrix({
    start: () => startNameServer({ engine }),
    expectedOf: ({ expected }) => expected,
    traits: TRAITS,
  });
});

describe('of itself Portico tells nothing unless it is told to', () => {
  const hidden: Expected = { rcode: RCODE.REFUSED, aa: false, answers: 0 };
  let at: HostPort;

  beforeAll(async () => {
    at = await startNameServer({ nsid: undefined, version: undefined });
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

async function startNameServer(more: object): Promise<HostPort> {
  const file = join(await tempDir(), 'example.com.zone');
  await writeFile(file, masterFile());
  const dns = dnsOfSite(file, { listen: ['127.0.0.1:0'], ...more });
  const { events } = await startPortico({ ...frontDoor({ origins: ['http://127.0.0.1:9'] }), dns });
  const { dns: listeners } = await events.waitFor('ready');
  return parseListenAddress((listeners as readonly string[])[0] as string) as HostPort;
}
