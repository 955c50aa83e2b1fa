import { beforeAll, expect, test } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import { dig, kdig } from '../support/dug.ts';
import { describeWithPeers } from '../support/peers.ts';
import { openSite } from './resolver-scene.ts';

/** The tools that people ask name servers with. */

describeWithPeers(['dig', 'kdig'], 'asked by dig and kdig, Portico', () => {
  let authority: HostPort;

  beforeAll(async () => {
    ({ authority } = await openSite());
  });

  test.each([
    { asked: ['www.example.com', 'A'], answer: ['www.example.com. 60 IN A 192.0.2.10'] },
    { asked: ['www.example.com', 'AAAA'], answer: ['www.example.com. 60 IN AAAA 2001:db8:1::10'] },
    { asked: ['www.example.com', 'HTTPS'], answer: ['www.example.com. 60 IN HTTPS 1 . alpn="h2"'] },
    { asked: ['x.wild.example.com', 'TXT'], answer: ['x.wild.example.com. 300 IN TXT "whatever it is"'] },
    { asked: ['wWw.ExamPle.cOm', 'A'], answer: ['wWw.ExamPle.cOm. 60 IN A 192.0.2.10'] },
    { asked: ['www.example.com', 'A', '+tcp'], answer: ['www.example.com. 60 IN A 192.0.2.10'] },
    {
      asked: ['x.old.example.com', 'A'],
      answer: [
        'old.example.com. 300 IN DNAME new.example.com.',
        'x.old.example.com. 300 IN CNAME x.new.example.com.',
        'x.new.example.com. 300 IN A 192.0.2.79',
      ],
    },
  ])('answers $asked', async ({ asked, answer }) => {
    const dug = await dig(authority, ...asked);
    expect(dug).toMatchObject({ status: 'NOERROR', answer, authority: [] });
    expect(dug.flags).toEqual(['qr', 'aa', 'rd']);
    expect(dug.text).toContain('(good)'); // the cookie
    expect(dug.text).not.toMatch(/^;; (?:WARNING|Warning)(?!: recursion requested)/m);
  });

  test('says of a long answer that it is to be had by TCP', async () => {
    const dug = await dig(authority, 'large.example.com', 'TXT');
    expect(dug.text).toContain(';; Truncated, retrying in TCP mode.');
    expect(dug.answer).toHaveLength(8);
  });

  test('delegates, with glue', async () => {
    expect(await dig(authority, 'x.sub.example.com', 'A', '+norec')).toMatchObject({
      status: 'NOERROR',
      flags: ['qr'],
      answer: [],
      authority: ['sub.example.com. 300 IN NS ns.sub.example.com.'],
      additional: ['ns.sub.example.com. 300 IN A 127.0.0.1'],
    });
  });

  test.each([
    { asked: 'nowhere.example.com', status: 'NXDOMAIN' },
    { asked: 'b.c.example.com', status: 'NOERROR' },
  ])('tells by the SOA how long there is nothing at $asked', async ({ asked, status }) => {
    expect(await dig(authority, asked, 'A')).toMatchObject({
      status,
      answer: [],
      authority: ['example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 7 3600 900 604800 60'],
    });
  });

  test.each([
    { subnet: '81.2.69.0/24', address: '198.51.100.10', scope: 24 },
    { subnet: '1.130.7.0/24', address: '198.51.100.20', scope: 11 },
    { subnet: '12.0.0.0/8', address: '192.0.2.10', scope: 5 },
    { subnet: '10.1.2.0/24', address: '192.0.2.10', scope: 5 },
    { subnet: '2a02:fb00:1::/48', address: '198.51.100.10', scope: 32 },
    { subnet: '2403:fb00:1::/56', address: '198.51.100.20', scope: 32 },
  ])('tells a client of $subnet the closest, for a /$scope around it', async ({ subnet, address, scope }) => {
    for (const ask of [dig, kdig]) {
      const dug = await ask(authority, 'www.example.com', 'A', `+subnet=${subnet}`);
      expect([dug.answer, dug.subnet]).toEqual([[`www.example.com. 60 IN A ${address}`], `${subnet}/${scope}`]);
    }
  });

  test.each(['static.example.com', 'nowhere.example.com'])('answers for all clients at %s', async (name) => {
    const { subnet } = await kdig(authority, name, 'A', '+subnet=81.2.69.0/24');
    expect(subnet).toBe('81.2.69.0/24/0');
  });

  test('looks at who asks where nothing is to be told of the client (a prefix of 0)', async () => {
    const { answer, subnet } = await kdig(authority, 'www.example.com', 'A', '+subnet=0.0.0.0/0');
    expect([answer, subnet]).toEqual([['www.example.com. 60 IN A 192.0.2.10'], '0.0.0.0/0/0']);
  });
});
