import { describe, expect, test } from 'vitest';
import type { RecordSet } from '../../../src/geodns/model.ts';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { rcodeToText, TYPE, typeToText } from '../../../src/geodns/wire/types.ts';
import { resolve } from '../../../src/geodns/zone/resolve.ts';
import { ZoneSet } from '../../../src/geodns/zone/zone.ts';
import type { DnsRecord } from '../../support/dns-message.ts';
import { dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { name } from '../names.ts';
import { TestResponder, ZONE } from './responders.ts';

const NAMES = [
  ...[...ZONE.nodes.values()].map((node) => nameToText(node.name)).filter((asked) => !/\d\d|[2-9]/.test(asked)), // of those with a number two will do
  ...[
    'no',
    'a.b.c',
    'x.wild',
    'y.x.wild',
    'sub',
    'deep.below.sub',
    'x.dn',
    'nothing.dn',
    'X.geo',
    '*.wild',
    'below.static',
  ].map((label) => `${label}.example.com.`),
  'ns1.example.net.',
  'com.',
  '.',
];
const TYPES = [
  TYPE.A,
  TYPE.AAAA,
  TYPE.NS,
  TYPE.CNAME,
  TYPE.SOA,
  TYPE.MX,
  TYPE.TXT,
  TYPE.SRV,
  TYPE.HTTPS,
  TYPE.DS,
  TYPE.DNAME,
];
const CLIENTS = ['00000001', '01000001', '02000001', '09000001'];

const zones = new ZoneSet([ZONE]);
const responder = new TestResponder();

describe.each(NAMES)('%s', (asked) => {
  test.each([...TYPES, TYPE.ANY, 1000].map((type) => [typeToText(type), type] as const))('%s', (_, type) => {
    for (const from of CLIENTS) {
      const address = Buffer.from(from, 'hex');
      const expected = resolve(zones, name(asked), type, { address, prefix: 32 });
      for (const cased of [asked, asked.toUpperCase(), asked.toLowerCase(), asked]) {
        const query = dnsQuery({ name: cased, type });
        const reply = responder.send(query, { from, transport: 'tcp' }) as Buffer;
        const parsed = parseDnsMessage(reply);
        expect({
          rcode: rcodeToText(parsed.rcode),
          aa: parsed.aa,
          tc: parsed.tc,
          sections: [parsed.answers, parsed.authorities, parsed.additionals].map((records) => records.map(line)),
        }).toEqual({
          rcode: rcodeToText(expected.rcode),
          aa: expected.authoritative,
          tc: false,
          sections: [expected.answer, expected.authority, expected.additional].map((sets) => sets.flatMap(lines)),
        });
        // What is compiled by then is the same, to the byte, as what has not been asked for yet.
        if (cased === asked) expect(new TestResponder().send(query, { from, transport: 'tcp' })).toEqual(reply);
      }
    }
  });
});

/** Case is no part of what is answered. */
function line({ name: owner, type, ttl, rdata }: Omit<DnsRecord, 'class'>): string {
  const data = Buffer.from(rdata, 'hex').toString('latin1').toLowerCase();
  return `${owner.toLowerCase()} ${ttl} ${typeToText(type)} ${Buffer.from(data, 'latin1').toString('hex')}`;
}

function lines({ owner, type, ttl, rdatas }: RecordSet): string[] {
  return rdatas.map(({ bytes }) => line({ name: nameToText(owner), type, ttl, rdata: bytes.toString('hex') }));
}
