import { expect } from 'vitest';
import { CLASS, RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import type { DnsMessage } from '../../support/dns-message.ts';
import type { Expected, Probe } from './probe.ts';
import { NSID, VERSION } from './site.ts';

const { NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED } = RCODE;

const EXTENDED_ERROR = 15;
const NODATA: Expected = { rcode: NOERROR, aa: true, answers: 0, soa: true };
const NO_SUCH_NAME: Expected = { rcode: NXDOMAIN, aa: true, answers: 0, soa: true };
const NOT_OURS: Expected = { rcode: REFUSED, aa: false, answers: 0, soa: false };

/** Types and classes of questions (RFC 8906 §8.1, RFC 6895 §3.1). */
export const TYPES: readonly Probe[] = [
  {
    name: 'ANY: as little as can be (RFC 8482 §4.2)',
    query: { name: 'static.example.com.', type: TYPE.ANY },
    expected: { rcode: NOERROR, aa: true, answers: 1, more: isMinimal },
  },
  {
    name: 'ANY, of a geographic name',
    query: { name: 'www.example.com.', type: TYPE.ANY },
    expected: { rcode: NOERROR, aa: true, answers: 1, more: isMinimal },
  },
  { name: 'ANY, of no name', query: { name: 'no.example.com.', type: TYPE.ANY }, expected: NO_SUCH_NAME },
  ...[TYPE.AXFR, TYPE.IXFR].map(
    (type): Probe => ({
      name: type === TYPE.AXFR ? 'AXFR, which nobody may have' : 'IXFR',
      query: { name: 'example.com.', type },
      expected: { rcode: REFUSED, answers: 0, soa: false },
      gdnsd: { but: { rcode: NOTIMP }, why: 'it transfers no zones; here it is not allowed' },
    }),
  ),
  {
    name: 'AXFR of a zone that is not there',
    query: { name: 'example.org.', type: TYPE.AXFR },
    expected: { rcode: REFUSED },
    gdnsd: { but: { rcode: NOTIMP }, why: 'likewise' },
  },
  ...[TYPE.MAILA, TYPE.MAILB, TYPE.TKEY].map(
    (type): Probe => ({
      name: `type ${type}, which is obsolete or none of ours`,
      query: { name: 'example.com.', type },
      expected: { rcode: NOTIMP, answers: 0 },
    }),
  ),
  {
    name: 'OPT as a type',
    query: { name: 'example.com.', type: TYPE.OPT },
    expected: { rcode: FORMERR, answers: 0 },
    gdnsd: { but: { rcode: NOERROR }, why: 'it looks for it in the zone, though it is a part of messages alone' },
  },
  {
    name: 'TSIG as a type',
    query: { name: 'example.com.', type: TYPE.TSIG },
    expected: { rcode: FORMERR, answers: 0 },
    gdnsd: { but: { rcode: NOTIMP }, why: 'to it all from 128 to 254 are the same' },
  },
  { name: 'type 1000 (RFC 8906 §8.1.2)', query: { name: 'example.com.', type: 1_000 }, expected: NODATA },
  { name: 'type 65535', query: { name: 'example.com.', type: 65_535 }, expected: NODATA },
  { name: 'type 0', query: { name: 'example.com.', type: 0 }, expected: NODATA },
  {
    name: 'SOA (RFC 8906 §8.1.1)',
    query: { name: 'example.com.', type: TYPE.SOA },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
  },
  {
    name: 'NS',
    query: { name: 'example.com.', type: TYPE.NS },
    expected: { rcode: NOERROR, aa: true, answers: 2 },
  },
  ...['version.bind.', 'version.server.'].map((name) => chaos(name, VERSION)),
  ...['id.server.', 'hostname.bind.'].map(
    (name): Probe => ({
      ...chaos(name, NSID),
      gdnsd: { but: { more: (reply) => says(reply, VERSION) }, why: 'it has one text for all of class CH' },
    }),
  ),
  {
    name: 'class CH, and another name',
    query: { name: 'www.example.com.', type: TYPE.TXT, class: CLASS.CH },
    expected: NOT_OURS,
    gdnsd: { but: { rcode: NOERROR, answers: 1 }, why: 'likewise' },
  },
  { name: 'class HS', query: { class: CLASS.HS }, expected: NOT_OURS },
  { name: 'class NONE', query: { class: CLASS.NONE }, expected: NOT_OURS },
  { name: 'class 0', query: { class: 0 }, expected: NOT_OURS },
  {
    name: 'class ANY, which no answer is complete for',
    query: { class: CLASS.ANY },
    expected: NOT_OURS,
    gdnsd: { but: { rcode: NOERROR, aa: true, answers: 1 }, why: 'it takes it for IN' },
  },
];

/** What the zone says. */
export const NAMES: readonly Probe[] = [
  { name: 'out of zone', query: { name: 'www.example.org.' }, expected: NOT_OURS },
  {
    name: 'out of zone, and OPT: the reason is told (RFC 8914 §4.21)',
    query: { name: 'www.example.org.', edns: {} },
    expected: { ...NOT_OURS, more: ({ opt }) => expect(opt?.options[EXTENDED_ERROR]).toBe('0014') },
    gdnsd: { but: { more: ({ opt }) => expect(opt?.options[EXTENDED_ERROR]).toBeUndefined() }, why: 'it has no EDE' },
  },
  { name: 'above the zone', query: { name: 'com.' }, expected: NOT_OURS },
  { name: 'a name that only ends like the zone', query: { name: 'www.myexample.com.' }, expected: NOT_OURS },
  { name: 'NODATA', query: { name: 'static.example.com.', type: TYPE.AAAA }, expected: NODATA },
  { name: 'NXDOMAIN', query: { name: 'no.example.com.' }, expected: NO_SUCH_NAME },
  { name: 'NXDOMAIN, far down', query: { name: 'a.b.c.no.example.com.' }, expected: NO_SUCH_NAME },
  { name: 'below a name that is there (RFC 8020)', query: { name: 'no.static.example.com.' }, expected: NO_SUCH_NAME },
  { name: 'an empty non-terminal', query: { name: 'ent.example.com.' }, expected: NODATA },
  { name: 'an empty non-terminal above SRV', query: { name: '_tcp.example.com.', type: TYPE.SRV }, expected: NODATA },
  {
    name: 'an empty non-terminal above a wildcard',
    query: { name: 'wild.example.com.', type: TYPE.TXT },
    expected: NODATA,
  },
  {
    name: 'a static CNAME, which is followed',
    query: { name: 'alias.example.com.' },
    expected: { rcode: NOERROR, aa: true, answers: 2 },
    gdnsd: { but: { answers: 1 }, why: 'it follows none, by default' },
  },
  {
    name: 'a CNAME to a geographic name, which is not: the scope is of one name',
    query: { name: 'to-geo.example.com.' },
    expected: { rcode: NOERROR, aa: true, answers: 1, soa: false },
  },
  {
    name: 'a CNAME that is asked for',
    query: { name: 'alias.example.com.', type: TYPE.CNAME },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
  },
  {
    name: 'a wildcard',
    query: { name: 'any.wild.example.com.', type: TYPE.TXT },
    expected: {
      rcode: NOERROR,
      aa: true,
      answers: 1,
      more: ({ answers }) => expect(answers[0]?.name).toBe('any.wild.example.com.'),
    },
  },
  { name: 'a wildcard without data', query: { name: 'any.wild.example.com.' }, expected: NODATA },
  {
    name: 'a DNAME',
    query: { name: 'x.dn.example.com.' },
    expected: { rcode: NOERROR, aa: true, answers: 3 },
    gdnsd: { but: NO_SUCH_NAME, why: 'its zones have no DNAME' },
  },
  {
    name: 'HTTPS',
    query: { name: 'svc.example.com.', type: TYPE.HTTPS },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
    gdnsd: { but: NO_SUCH_NAME, why: 'its zones have no HTTPS' },
  },
  {
    name: 'a delegation',
    query: { name: 'www.sub.example.com.' },
    expected: { rcode: NOERROR, aa: false, answers: 0, soa: false, more: isReferral },
  },
  {
    name: 'where a delegation begins',
    query: { name: 'sub.example.com.' },
    expected: { rcode: NOERROR, aa: false, answers: 0, soa: false, more: isReferral },
  },
  {
    name: 'DS of a delegation, which is not delegated itself (RFC 4035 §3.1.4.1)',
    query: { name: 'sub.example.com.', type: TYPE.DS },
    expected: NODATA,
    gdnsd: { but: { aa: false, soa: false, more: isReferral }, why: 'to it DS is a type as any other' },
  },
  {
    name: 'many records, which fit by TCP and with OPT',
    query: { name: 'many.example.com.', edns: {} },
    expected: { rcode: NOERROR, aa: true, answers: 40 },
  },
];

function chaos(name: string, text: string): Probe {
  return {
    name: `class CH, ${name}`,
    query: { name, type: TYPE.TXT, class: CLASS.CH },
    expected: { rcode: NOERROR, answers: 1, more: (reply) => says(reply, text) },
  };
}

function says({ answers }: DnsMessage, text: string): void {
  const rdata = Buffer.from([text.length, ...Buffer.from(text)]).toString('hex');
  expect(answers).toMatchObject([{ type: TYPE.TXT, class: CLASS.CH, ttl: 0, rdata }]);
}

/** `HINFO "RFC8482" ""` */
function isMinimal({ answers }: DnsMessage): void {
  expect(answers[0]).toMatchObject({ type: TYPE.HINFO, rdata: '0752464338343832' + '00' });
}

function isReferral({ authorities, additionals }: DnsMessage): void {
  expect(authorities.map(({ name, type }) => ({ name, type }))).toEqual([
    { name: 'sub.example.com.', type: TYPE.NS },
    { name: 'sub.example.com.', type: TYPE.NS },
  ]);
  expect(additionals).toMatchObject([{ name: 'ns.sub.example.com.', type: TYPE.A, rdata: 'c0000236' }]);
}
