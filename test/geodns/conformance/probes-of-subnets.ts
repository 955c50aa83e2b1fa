import { expect } from 'vitest';
import { RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import type { DnsMessage } from '../../support/dns-message.ts';
import { type Expected, ecs, type Probe, SUBNET } from './probe.ts';
import { UK, US } from './site.ts';

const { NOERROR, FORMERR, NXDOMAIN, REFUSED } = RCODE;

const REJECTED: Expected = { rcode: FORMERR, answers: 0, opt: true };

/** Client subnets (RFC 7871 §6, §7.2.1). */
export const SUBNETS: readonly Probe[] = [
  // Whole ones: 1.0.0.0/8 and 2001:db8::/32 go to the one datacenter, all else to the other.
  ...[
    { name: 'of a net', data: '00011800010203', scope: 8, address: UK },
    { name: 'of all bits', data: '0001200001020304', scope: 8, address: UK },
    { name: 'of no whole number of bytes', data: '00011700010202', scope: 8, address: UK },
    { name: 'of one bit', data: '0001010080', scope: 1, address: US },
    {
      name: 'of no net: the scope is that of the largest with this answer',
      data: '000118000a0909',
      scope: 5,
      address: US,
    },
    { name: 'of IPv6, an odd number of bytes', data: '0002380020010db8000000', scope: 32, address: UK },
    { name: 'of IPv6, all bits', data: `0002800020010db8${'00'.repeat(12)}`, scope: 32, address: UK },
    { name: 'of IPv6, and no net', data: '0002300020010db90000', scope: 32, address: US },
    { name: '0.0.0.0/0: of whom nothing shall be told', data: '00010000', scope: 0, address: US },
    { name: '::/0', data: '00020000', scope: 0, address: US },
  ].map(
    ({ name, data, scope, address }): Probe => ({
      name: `a client subnet ${name}`,
      query: ecs(data),
      expected: { rcode: NOERROR, aa: true, answers: 1, scope, more: (reply) => leadsTo(reply, address) },
    }),
  ),
  {
    name: 'a client subnet that is larger than the net: the scope says that more bits would have told more',
    query: ecs('0001040000'),
    expected: { rcode: NOERROR, aa: true, answers: 1, scope: 8, more: (reply) => leadsTo(reply, US) },
  },
  {
    name: 'no client subnet',
    query: { edns: {} },
    expected: { rcode: NOERROR, answers: 1, scope: undefined, more: (reply) => leadsTo(reply, US) },
  },

  // Malformed ones.
  ...[
    { name: 'with a byte too many', data: '0001180001020300' },
    { name: 'with a byte too few', data: '000118000102' },
    { name: 'without its address', data: '00011800' },
    { name: '0.0.0.0/0 with an address', data: '0001000001' },
    { name: 'of 33 bits', data: '000121000102030400' },
    { name: 'of 129 bits', data: `00028100${'00'.repeat(17)}` },
    { name: 'of IPv4 with an address of IPv6', data: `0001800020010db8${'00'.repeat(12)}` },
    { name: 'with a scope', data: '00011808010203' },
    { name: '0.0.0.0/0 with a scope', data: '00010001' },
    { name: 'with bits beyond the prefix', data: '00011700010203' },
    { name: 'of IPv6 with bits beyond the prefix', data: '00021f0020010db9' },
    { name: 'of family 7', data: '00071800010203' },
    { name: 'of family 0', data: '00001800010203' },
    { name: 'of family 0 without a prefix (RFC 7871 §7.1.2, §7.2.1)', data: '00000000' },
    { name: 'of no bytes', data: '' },
    { name: 'of 3 bytes', data: '000100' },
  ].map(({ name, data }): Probe => ({ name: `a client subnet ${name}`, query: ecs(data), expected: REJECTED })),
  {
    name: 'two client subnets',
    query: {
      edns: {
        options: [
          [SUBNET, '00011800010203'],
          [SUBNET, '00011800010203'],
        ],
      },
    },
    expected: REJECTED,
    gdnsd: { but: { rcode: NOERROR, answers: 1 }, why: 'the last one counts there, which nobody says it should' },
  },

  // Where it makes no difference.
  {
    name: 'a client subnet for a static name',
    query: { name: 'static.example.com.', ...ecs('00011800010203') },
    expected: { rcode: NOERROR, answers: 1, scope: 0 },
  },
  {
    name: 'a client subnet for no name',
    query: { name: 'no.example.com.', ...ecs('00011800010203') },
    expected: { rcode: NXDOMAIN, soa: true, scope: 0 },
  },
  {
    name: 'a client subnet where a static name has no data',
    query: { name: 'static.example.com.', type: TYPE.AAAA, ...ecs('00011800010203') },
    expected: { rcode: NOERROR, soa: true, scope: 0 },
  },
  {
    name: 'a client subnet where no datacenter has data (RFC 7871 §7.4)',
    query: { type: TYPE.AAAA, ...ecs('00011800010203') },
    expected: { rcode: NOERROR, soa: true, scope: 0 },
    gdnsd: { but: { scope: 8 }, why: 'its scope is that of the choice, though all choices come to nothing' },
  },
  {
    name: 'a client subnet out of zone',
    query: { name: 'example.org.', ...ecs('00011800010203') },
    expected: { rcode: REFUSED, scope: 0 },
  },
  {
    name: 'a client subnet for a delegation',
    query: { name: 'www.sub.example.com.', ...ecs('00011800010203') },
    expected: { rcode: NOERROR, aa: false, scope: 0 },
  },
];

function leadsTo({ answers }: DnsMessage, address: string): void {
  expect(answers.map(({ type, ttl, rdata }) => ({ type, ttl, address: dotted(rdata) }))).toEqual([
    { type: TYPE.A, ttl: 30, address },
  ]);
}

function dotted(rdata: string): string {
  return [...Buffer.from(rdata, 'hex')].join('.');
}
