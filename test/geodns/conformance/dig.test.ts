import { beforeAll, describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { type Dug, dig, kdig } from '../../support/dug.ts';
import { describeWithPeers, type Peer } from '../../support/peers.ts';
import { startGdnsdWithSite, startPorticoWithSite } from './servers.ts';
import { sizedName, UK, US } from './site.ts';

interface Asked {
  readonly name: string;
  readonly args: string;
  readonly expected: Partial<Dug>;
  /** What is in the text, and what is not. */
  readonly has?: readonly (string | RegExp)[];
  readonly lacks?: readonly (string | RegExp)[];
}

const SOA_DATA = 'ns1.example.com. hostmaster.example.com. 1 3600 900 604800 60';
/** gdnsd lets no SOA have a TTL above its minimum, not even where it is the answer. */
const SOA = [expect.stringMatching(new RegExp(`^example\\.com\\. (?:300|60) IN SOA ${SOA_DATA}$`))];
const NEGATIVE = [`example.com. 60 IN SOA ${SOA_DATA}`];
const OPT = /^; EDNS: version: 0,/m;
const found = { status: 'NOERROR', flags: ['qr', 'aa'], answer: SOA };
const unspoken = { status: 'BADVERS', flags: ['qr'], answer: [], authority: [] };

/** The tests of RFC 8906 §8.1 and §8.2, which are written for dig. */
const RFC8906: readonly Asked[] = [
  { name: '8.1.1 a zone', args: '+noedns +noad +norec soa', expected: found, lacks: [OPT] },
  {
    name: '8.1.2 an unknown type',
    args: '+noedns +noad +norec type1000',
    expected: { ...found, answer: [], authority: NEGATIVE },
  },
  { name: '8.1.3.1 CD', args: '+noedns +noad +norec +cd soa', expected: found },
  { name: '8.1.3.2 AD', args: '+noedns +norec +ad soa', expected: found },
  { name: '8.1.3.3 the reserved bit', args: '+noedns +noad +norec +zflag soa', expected: found, lacks: ['MBZ'] },
  { name: '8.1.3.4 RD', args: '+noedns +noad +rec soa', expected: { ...found, flags: ['qr', 'aa', 'rd'] } },
  {
    name: '8.1.4 an unknown opcode',
    args: '+noedns +noad +opcode=15 +norec +header-only',
    expected: { status: 'NOTIMP', flags: ['qr'], answer: [], authority: [] },
  },
  { name: '8.1.5 TCP', args: '+noedns +noad +norec +tcp soa', expected: found },
  { name: '8.2.1 EDNS', args: '+nocookie +edns=0 +noad +norec soa', expected: found, has: [OPT] },
  {
    name: '8.2.2 an unknown version of EDNS',
    args: '+nocookie +edns=1 +noednsneg +noad +norec soa',
    expected: unspoken,
    has: [OPT],
  },
  {
    name: '8.2.3 an unknown option',
    args: '+nocookie +edns=0 +noad +norec +ednsopt=100 soa',
    expected: found,
    has: [OPT],
    lacks: ['OPT=100'],
  },
  {
    name: '8.2.4 unknown flags',
    args: '+nocookie +edns=0 +noad +norec +ednsflags=0x40 soa',
    expected: found,
    has: [OPT],
    lacks: ['MBZ'],
  },
  {
    name: '8.2.5 an unknown version, and unknown flags',
    args: '+nocookie +edns=1 +noednsneg +noad +norec +ednsflags=0x40 soa',
    expected: unspoken,
    has: [OPT],
    lacks: ['MBZ'],
  },
  {
    name: '8.2.6 an unknown version, and an unknown option',
    args: '+nocookie +edns=1 +noednsneg +noad +norec +ednsopt=100 soa',
    expected: unspoken,
    has: [OPT],
    lacks: ['OPT=100'],
  },
  {
    name: '8.2.7 a truncated reply',
    args: `+norec +dnssec +bufsize=512 +ignore ${sizedName(4_096)}.example.com txt`,
    expected: { status: 'NOERROR', flags: ['qr', 'aa', 'tc'], answer: [] },
    has: [OPT],
  },
  {
    name: '8.2.8 DO',
    args: '+nocookie +edns=0 +noad +norec +dnssec soa',
    expected: found,
    has: ['version: 0, flags: do;'],
  },
  {
    name: '8.2.9 an unknown version, and DO',
    args: '+nocookie +edns=1 +noednsneg +noad +norec +dnssec soa',
    expected: unspoken,
    has: ['version: 0, flags: do;'],
  },
  {
    name: '8.2.10 several options',
    args: '+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa',
    expected: { ...found, subnet: '0.0.0.0/0/0' },
    has: [OPT, '(good)', 'NSID'],
  },
];

const www = (address: string) => [`www.example.com. 30 IN A ${address}`];

/** Client subnets as people write them: zeros are filled in, and what the prefix does not cover is taken away. */
const SUBNETS: readonly Asked[] = [
  ...[
    { subnet: '1.2.3.0/24', told: '1.2.3.0/24/8', address: UK },
    { subnet: '1.2.3.4', told: '1.2.3.4/32/8', address: UK },
    { subnet: '1.2.255.255/17', told: '1.2.128.0/17/8', address: UK },
    { subnet: '10.9.9.0/24', told: '10.9.9.0/24/5', address: US },
    { subnet: '2001:db8:1::/56', told: '2001:db8:1::/56/32', address: UK },
    { subnet: '2001:db9::/48', told: '2001:db9::/48/32', address: US },
    { subnet: '0.0.0.0/0', told: '0.0.0.0/0/0', address: US },
    { subnet: '::/0', told: '::/0/0', address: US },
  ].map(({ subnet, told, address }) => ({
    name: `+subnet=${subnet}`,
    args: `+norec +subnet=${subnet} www.example.com`,
    expected: { status: 'NOERROR', answer: www(address), subnet: told },
  })),
];

/** A short form that only dig has. */
const NO_SUBNET: Asked = {
  name: '+subnet=0',
  args: '+norec +subnet=0 www.example.com',
  expected: { status: 'NOERROR', answer: www(US), subnet: '0.0.0.0/0/0' },
};

const servers: readonly { name: string; peers: readonly Peer[]; start: () => Promise<HostPort> }[] = [
  { name: 'Portico', peers: [], start: startPorticoWithSite },
  { name: 'gdnsd', peers: ['gdnsd'], start: startGdnsdWithSite },
];

for (const { name, peers, start } of servers) {
  describeWithPeers([...peers, 'dig', 'kdig'], `${name}, asked by people`, () => {
    let at: HostPort;

    beforeAll(async () => {
      at = await start();
    });

    test.each(RFC8906)('dig, RFC 8906 §$name', (asked) => play(dig, asked));

    describe.each([
      { tool: 'dig', ask: dig, table: [...SUBNETS, NO_SUBNET] },
      { tool: 'kdig', ask: kdig, table: SUBNETS },
    ])('$tool', ({ ask, table }) => {
      test.each(table)('$name', (asked) => play(ask, asked));
    });

    async function play(ask: typeof dig, { args, expected, has = [], lacks = [] }: Asked): Promise<void> {
      const words = args.split(' ');
      const isNamed = words.some((word) => word.endsWith('example.com'));
      const dug = await ask(at, ...words, ...(isNamed || words.includes('+header-only') ? [] : ['example.com']));
      expect(dug).toMatchObject(expected);
      for (const part of has) expect(dug.text).toMatch(part);
      for (const part of lacks) expect(dug.text).not.toMatch(part);
    }
  });
}
