import { describe, expect, test } from 'vitest';
import { RATE_LIMITS } from '../../../src/geodns/answer/rate-limiter.ts';
import { RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { type DnsQueryParts, dnsQuery } from '../../support/dns-message.ts';
import { name } from '../names.ts';
import { zoneOf } from '../zone/zones.ts';
import { geoRecord, TestResponder, ZONE } from './responders.ts';

const COOKIE = 10;
const SUBNET = 8;
const NSID = 3;
const KEEPALIVE = 11;
const EXTENDED_ERROR = 15;
const CLIENT_COOKIE = '0102030405060708';

describe('the question', () => {
  test('comes back byte for byte, in the case that it was asked in, and so does the owner of an answer', () => {
    const responder = new TestResponder();
    for (const asked of ['sTaTiC.eXaMpLe.CoM.', 'STATIC.example.com.', 'static.EXAMPLE.com.', 'static.example.com.']) {
      const { questions, answers } = responder.ask({ name: asked });
      expect(questions).toEqual([{ name: asked, type: 1, class: 1 }]);
      expect(answers[0]?.name).toBe(asked);
    }
  });

  test('a DNAME makes an alias of it with the labels as they were asked', () => {
    const responder = new TestResponder();
    for (const asked of ['X.dn.example.com.', 'x.dn.example.com.', 'X.dn.example.com.', 'x.DN.example.com.']) {
      const { answers } = responder.ask({ name: asked, type: TYPE.CNAME });
      expect(Buffer.from(answers[1]?.rdata as string, 'hex').toString('latin1', 1, 2)).toBe(asked[0]);
    }
  });
});

describe('for a geographic name', () => {
  const from = (first: number) => ({ from: `${first.toString(16).padStart(2, '0')}000001` });
  const addresses = (responder: TestResponder, parts: DnsQueryParts, first: number) =>
    responder.ask(parts, from(first)).answers.map(({ rdata }) => rdata);

  test('who asks counts, be it the first time or the hundredth', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 100; i++) expect(addresses(responder, {}, i % 3)).toEqual([`c000020${(i % 3) + 1}`]);
  });

  test('several datacenters are one answer, in their order', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) expect(addresses(responder, {}, 9)).toEqual(['c0000203', 'c0000201', 'c0000202']);
  });

  test('the client subnet counts in place of who asks', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 9; i++) {
      const subnet = `000118000${i % 3}0203`;
      expect(addresses(responder, { edns: { options: [[SUBNET, subnet]] } }, 1)).toEqual([`c000020${(i % 3) + 1}`]);
    }
  });

  test('one of /0 does not: who asks does', () => {
    const edns = { options: [[SUBNET, '00010000'] as const] };
    expect(addresses(new TestResponder(), { edns }, 2)).toEqual(['c0000203']);
  });

  test('nor does any where subnets are not wanted, and the reply has none', () => {
    const responder = new TestResponder({ clientSubnet: false });
    const { answers, opt } = responder.ask({ edns: { options: [[SUBNET, '00011800020203']] } }, from(1));
    expect(answers[0]?.rdata).toBe('c0000202');
    expect(opt?.options).toEqual({});
  });

  test('an IPv4-mapped address is the IPv4 address', () => {
    const { answers } = new TestResponder().ask({}, { from: '00000000000000000000ffff02000001' });
    expect(answers[0]?.rdata).toBe('c0000203');
  });

  test('a datacenter without such records is NODATA, which holds for all', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 4; i++) {
      const first = i % 2;
      const parts = { type: TYPE.AAAA, edns: { options: [[SUBNET, `000118000${first}0203`] as const] } };
      const { answers, authorities, opt } = responder.ask(parts);
      expect([answers.length, authorities.length]).toEqual(first === 0 ? [1, 0] : [0, 1]);
      expect(opt?.options[SUBNET]).toBe(first === 0 ? '00011808000203' : '00011800010203');
    }
  });

  test('the TTL may change at any time', () => {
    const record = { ...geoRecord({ [TYPE.A]: ['c0000201', 'c0000202', 'c0000203'] }) };
    const zone = zoneOf('example.com.', '@ 60 SOA a. b. 1 1 1 1 30\n@ 60 NS ns.other.', [
      { owner: name('www.example.com.'), record, where: 'zone' },
    ]);
    const responder = new TestResponder({}, [zone]);
    const ttls = () => [1, 2, 3].map(() => responder.ask({}).answers[0]?.ttl);
    expect(ttls()).toEqual([30, 30, 30]);
    Object.assign(record, { ttl: 5 });
    expect(ttls()).toEqual([5, 5, 5]);
  });

  test('a choice that changes between two looks is not kept', () => {
    let count = 0;
    const record = geoRecord({ [TYPE.A]: ['c0000201', 'c0000202', 'c0000203'] });
    const moody = { ...record, choose: () => ({ datacenters: [count++ % 2], scope: 0 }) };
    const zone = zoneOf('example.com.', '@ 60 SOA a. b. 1 1 1 1 30\n@ 60 NS ns.other.', [
      { owner: name('www.example.com.'), record: moody, where: 'zone' },
    ]);
    const responder = new TestResponder({}, [zone]);
    for (let i = 0; i < 4; i++) responder.ask({});
    moody.choose = () => ({ datacenters: [0], scope: 0 });
    for (let i = 0; i < 4; i++) expect(responder.ask({}).answers[0]?.rdata).toBe('c0000201');
  });
});

describe('the size of a reply', () => {
  const many = { name: 'many.example.com.' }; // 30 addresses: 480 bytes of them
  const big = { name: 'big.example.com.', type: TYPE.TXT }; // 8 strings of 250 bytes

  test.each([
    { name: 'is 512 bytes without EDNS', parts: big, tc: true },
    { name: 'is 512 bytes if a client says less', parts: { ...many, edns: { udpLength: 100 } }, tc: true },
    { name: 'is what a client says', parts: { ...many, edns: { udpLength: 530 } }, tc: false },
    { name: 'is no more than that', parts: { ...many, edns: { udpLength: 520 } }, tc: true },
    { name: 'is at most what is configured', parts: { ...big, edns: { udpLength: 65_535 } }, tc: true },
  ])('$name', ({ parts, tc }) => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) {
      const message = responder.ask(parts);
      expect(message.tc).toBe(tc);
      expect(message.answers.length > 0).toBe(!tc);
      expect(message.opt !== undefined).toBe('edns' in parts);
    }
  });

  test('may be configured', () => {
    const responder = new TestResponder({ udpLength: 4096 });
    for (let i = 0; i < 3; i++) expect(responder.ask({ ...big, edns: { udpLength: 4096 } }).answers).toHaveLength(8);
  });

  test('does not matter over TCP', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) {
      expect(responder.ask(big, { transport: 'tcp' })).toMatchObject({ tc: false, answers: { length: 8 } });
    }
  });

  test('leaves additional addresses out, without a word', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) {
      const parts = { name: 'mx.example.com.', type: TYPE.MX };
      expect(responder.ask(parts)).toMatchObject({ tc: false, answers: { length: 20 } });
      expect(responder.ask(parts, { transport: 'tcp' }).additionals).toHaveLength(40);
    }
  });

  test('but glue with TC', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) {
      const parts = { name: 'www.crowd.example.com.' };
      expect(responder.ask(parts)).toMatchObject({ tc: true, aa: false, authorities: { length: 20 } });
      expect(responder.ask(parts, { transport: 'tcp' })).toMatchObject({ tc: false, additionals: { length: 40 } });
    }
  });

  test('is never more than the buffer', () => {
    const responder = new TestResponder();
    const query = dnsQuery({ ...big, edns: {} });
    const source = { address: Buffer.alloc(4), family: 4, port: 1, transport: 'tcp' } as const;
    expect(responder.responder.respond(query, query.length, source, Buffer.alloc(512))).toBeLessThanOrEqual(512);
  });

  test('fits in 512 bytes with the longest name and all options', () => {
    const responder = new TestResponder({ nsid: Buffer.alloc(255, 'x') });
    const labels = `3f${'61'.repeat(63)}`;
    const options = [
      [COOKIE, CLIENT_COOKIE],
      [SUBNET, `00028000${'00'.repeat(16)}`],
      [NSID, ''],
    ] as const;
    const question = `${labels.repeat(3)}3d${'61'.repeat(61)}0000010001`;
    const reply = responder.send(dnsQuery({ question, edns: { udpLength: 512, options } })) as Buffer;
    expect(reply.length).toBeLessThanOrEqual(512);
  });
});

describe('cookies', () => {
  const ask = (responder: TestResponder, cookie: string, from?: Parameters<TestResponder['ask']>[1]) =>
    responder.ask({ edns: { options: [[COOKIE, cookie]] } }, from);

  test('a client that sends back what it got is known, and keeps that', () => {
    const responder = new TestResponder();
    const cookie = ask(responder, CLIENT_COOKIE).opt?.options[COOKIE] as string;
    expect(ask(responder, cookie).opt?.options[COOKIE]).toBe(cookie);
    responder.now += 1_801_000;
    expect(ask(responder, cookie).opt?.options[COOKIE]).not.toBe(cookie);
  });

  test('of another node with the same secret are taken', () => {
    const limits = { ...RATE_LIMITS, responses: 1 };
    const cookie = ask(new TestResponder(), CLIENT_COOKIE).opt?.options[COOKIE] as string;
    const other = new TestResponder({ limits });
    for (let i = 0; i < 10; i++) expect(ask(other, cookie).answers).toHaveLength(1);
  });

  test('may be wanted: without a valid one there is BADCOOKIE, and one with it', () => {
    const responder = new TestResponder({ requireCookies: true });
    const refused = ask(responder, CLIENT_COOKIE);
    expect(refused).toMatchObject({ rcode: RCODE.BADCOOKIE, aa: false, answers: [], questions: { length: 1 } });
    const cookie = refused.opt?.options[COOKIE] as string;
    expect(ask(responder, cookie)).toMatchObject({ rcode: RCODE.NOERROR, answers: { length: 1 } });
    expect(ask(responder, CLIENT_COOKIE, { transport: 'tcp' }).rcode).toBe(RCODE.NOERROR);
    expect(responder.ask({}).rcode).toBe(RCODE.NOERROR);
  });

  test('are no concern of ours without a secret', () => {
    const responder = new TestResponder('no cookies');
    expect(ask(responder, CLIENT_COOKIE).opt?.options).toEqual({});
    expect(responder.ask({ question: '', edns: { options: [[COOKIE, CLIENT_COOKIE]] } }).rcode).toBe(RCODE.FORMERR);
  });
});

describe('who asks too often', () => {
  const limits = { ...RATE_LIMITS, responses: 2, nxdomains: 2, errors: 2 };
  const send = (responder: TestResponder, parts: DnsQueryParts, count = 6) =>
    Array.from({ length: count }, () => responder.send(dnsQuery(parts)));

  test('gets nothing, or the advice to come over TCP', () => {
    const responder = new TestResponder({ limits });
    const replies = send(responder, { edns: { options: [[SUBNET, '00011800010203']] } });
    expect(replies.map((reply) => reply !== undefined)).toEqual([true, true, false, true, false, true]);
    expect(responder.counted.slice(2, 5)).toEqual(['udp limited', 'slipped', 'udp zone 0 rcode 0 dc -1 tc']);
    const slipped = responder.ask({ edns: { options: [[SUBNET, '00011800010203']] } }, { transport: 'tcp' });
    expect(slipped.answers).toHaveLength(1);
  });

  test('or a cookie, if it knows cookies; with that it is never limited', () => {
    const responder = new TestResponder({ limits });
    for (let i = 0; i < 3; i++) responder.send(dnsQuery({}));
    const slipped = responder.ask({ edns: { options: [[COOKIE, CLIENT_COOKIE]] } });
    expect(slipped).toMatchObject({ rcode: RCODE.BADCOOKIE, tc: false, answers: [] });
    const options = [[COOKIE, slipped.opt?.options[COOKIE] as string]] as const;
    for (let i = 0; i < 10; i++) expect(responder.ask({ edns: { options } }).answers).toHaveLength(1);
  });

  test('is counted by the zone for names that do not exist, and by the wildcard for those that are made up', () => {
    const responder = new TestResponder({ limits });
    const passed = (label: string, type: number = TYPE.A) =>
      Array.from({ length: 10 }, (_, i) => responder.send(dnsQuery({ name: `n${i}.${label}`, type })) as Buffer).filter(
        (reply) => reply !== undefined && (reply.readUInt16BE(2) & 0x0200) === 0,
      ).length;
    expect(passed('example.com.')).toBe(2);
    expect(passed('wild.example.com.', TYPE.TXT)).toBe(2);
    expect(passed('wild.example.com.', TYPE.A)).toBe(2);
    expect(passed('geo.example.com.')).toBe(2);
    expect(passed('sub.example.com.')).toBe(2);
    expect(passed('dn.example.com.', TYPE.CNAME)).toBe(2);
  });

  test('gets errors as they are, only fewer', () => {
    const responder = new TestResponder({ limits });
    const replies = send(responder, { name: 'example.org.' });
    expect(replies.map((reply) => reply && (reply[3] as number) & 15)).toEqual([5, 5, undefined, 5, undefined, 5]);
  });
});

describe('the server itself', () => {
  test('says nothing of its version or name, unless told to', () => {
    const responder = new TestResponder({ version: 'dns', id: 'us-1' });
    const txt = (asked: string) => responder.ask({ name: asked, type: TYPE.TXT, class: 3 });
    expect(txt('version.bind.')).toMatchObject({
      rcode: 0,
      aa: true,
      answers: [{ ttl: 0, class: 3, rdata: '03646e73' }],
    });
    expect(txt('VERSION.server.').answers).toHaveLength(1);
    expect(txt('id.server.').answers[0]?.rdata).toBe('0475732d31');
    expect(txt('hostname.bind.').answers).toHaveLength(1);
    expect(txt('authors.bind.').rcode).toBe(RCODE.REFUSED);
    expect(responder.ask({ name: 'version.bind.', type: TYPE.A, class: 3 }).rcode).toBe(RCODE.REFUSED);
  });

  test('tells its name in NSID if it has one', () => {
    const parts = { edns: { options: [[NSID, 'ff']] } } as const;
    expect(new TestResponder().ask(parts).opt?.options).toEqual({});
    expect(new TestResponder({ nsid: Buffer.from('us-1') }).ask(parts).opt?.options[NSID]).toBe('75732d31');
    expect(new TestResponder({ nsid: Buffer.from('us-1') }).ask({ edns: {} }).opt?.options).toEqual({});
  });

  test('tells how long it keeps a connection, over TCP', () => {
    const parts = { edns: { options: [[KEEPALIVE, '']] } } as const;
    const responder = new TestResponder({ keepalive: 300 });
    expect(responder.ask(parts).opt?.options).toEqual({});
    expect(responder.ask(parts, { transport: 'tcp' }).opt?.options[KEEPALIVE]).toBe('012c');
    expect(responder.ask({ edns: {} }, { transport: 'tcp' }).opt?.options).toEqual({});
    expect(new TestResponder().ask(parts, { transport: 'tcp' }).opt?.options).toEqual({});
  });

  test.each([
    { name: 'out of zone', parts: { name: 'example.org.' }, code: '0014' },
    { name: 'a transfer', parts: { type: TYPE.AXFR }, code: '0012' },
    { name: 'an obsolete type', parts: { type: TYPE.MAILA }, code: '0015' },
  ])('says why it refuses: $name', ({ parts, code }) => {
    expect(new TestResponder().ask({ ...parts, edns: {} }).opt?.options[EXTENDED_ERROR]).toBe(code);
    expect(new TestResponder().ask(parts).opt).toBeUndefined();
  });

  test('says so when it has no zones yet', () => {
    const responder = new TestResponder({}, 'none yet');
    const { rcode, opt } = responder.ask({ edns: {} });
    expect([rcode, opt?.options[EXTENDED_ERROR]]).toEqual([RCODE.SERVFAIL, '000e']);
    responder.serve([ZONE]);
    expect(responder.ask({}).answers).toHaveLength(1);
  });

  test('serves other zones as soon as it has them', () => {
    const responder = new TestResponder();
    for (let i = 0; i < 3; i++) expect(responder.ask({ name: 'static.example.com.' }).rcode).toBe(RCODE.NOERROR);
    const next = zoneOf('example.com.', '@ 60 SOA a. b. 1 1 1 1 30\n@ 60 NS ns.other.');
    responder.serve([next]);
    for (let i = 0; i < 3; i++) expect(responder.ask({ name: 'static.example.com.' }).rcode).toBe(RCODE.NXDOMAIN);
  });

  test('counts by zone, rcode, transport and datacenter', () => {
    const responder = new TestResponder({}, [ZONE, zoneOf('other.', '@ 60 SOA a. b. 1 1 1 1 30\n@ 60 NS ns.')]);
    responder.ask({}, { from: '02000001' });
    responder.ask({ name: 'x.other.' }, { transport: 'tcp' });
    responder.ask({ name: 'x.nowhere.' });
    responder.ask({ name: 'big.example.com.', type: TYPE.TXT });
    responder.send(dnsQuery({ flags: 0x8000 }));
    responder.send(dnsQuery({}), { port: 0 });
    expect(responder.counted).toEqual([
      'udp zone 0 rcode 0 dc 2',
      'tcp zone 1 rcode 3 dc -1',
      'udp zone -1 rcode 5 dc -1',
      'udp zone 0 rcode 0 dc -1 tc',
      'udp malformed',
      'udp port',
    ]);
  });

  test('answers SERVFAIL when it breaks, counts that, and goes on', () => {
    const record = geoRecord({ [TYPE.A]: ['c0000201', 'c0000202', 'c0000203'] });
    const broken = {
      ...record,
      choose: () => {
        throw new Error('broken');
      },
    };
    const zone = zoneOf('example.com.', '@ 60 SOA a. b. 1 1 1 1 30\n@ 60 NS ns.other.\nx 60 A 192.0.2.1', [
      { owner: name('www.example.com.'), record: broken, where: 'zone' },
    ]);
    const responder = new TestResponder({}, [zone]);
    for (let i = 0; i < 3; i++) {
      const message = responder.ask({ edns: { options: [[SUBNET, '00011800010203']] } });
      expect(message).toMatchObject({ id: 0x1234, rcode: RCODE.SERVFAIL, questions: { length: 1 }, answers: [] });
      expect(message.opt?.options).toEqual({});
    }
    expect(responder.failures).toHaveLength(3);
    expect(responder.counted).toEqual(Array(3).fill('udp zone -1 rcode 2 dc -1'));
    expect(responder.ask({ name: 'x.example.com.' }).answers).toHaveLength(1);
  });
});
