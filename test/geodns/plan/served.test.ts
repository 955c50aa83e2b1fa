import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DnsPlan } from '../../../src/geodns/plan/dns-plan.ts';
import type { DatacenterStandings } from '../../../src/geodns/plan/geo-map.ts';
import { Served } from '../../../src/geodns/plan/served.ts';
import { tempDir } from '../../support/temp.ts';
import { ask, PLAIN, seen } from '../zone/questions.ts';
import { DATACENTERS, planOf, smallDatabase, standings, zone } from './settings.ts';

const SOA = 'example.com. 60 SOA ns1.example.net. hostmaster.example.com. 7 3600 900 604800 60';

const LONDON = [81, 2, 69, 142];
const SYDNEY = [1, 130, 0, 1];
const KANSAS = [12, 34, 56, 78];
const OURS = [203, 0, 113, 9];
const PRIVATE = [10, 0, 0, 1];

const SETTINGS = {
  datacenters: DATACENTERS,
  maps: {
    europe: { datacenters: ['us', 'uk', 'au'], places: { EU: { GB: ['au', 'uk'] }, OC: [], default: 'closest' } },
    any: { mode: 'spread', datacenters: ['uk', 'us', 'au'] },
  },
  zones: [
    zone([
      { name: 'www', geo: ['us', 'uk', 'au'], ttl: '60s' },
      { name: 'www', type: 'TXT', value: 'beside geo' },
      { name: 'eu', geo: 'europe' },
      { name: 'all', geo: 'any' },
      { name: 'one', geo: ['uk', 'us'], mode: 'failover' },
      { name: 'drawn', geo: ['us', 'uk', 'au'], mode: 'weighted' },
      { name: '*.dev', geo: ['us', 'uk', 'au'] },
      { name: 'a.b.static', type: 'A', value: ['192.0.2.77', '192.0.2.78'] },
      { name: 'alias', type: 'CNAME', value: 'a.b.static.example.com' },
    ]),
  ],
};

let plan: DnsPlan;

beforeAll(async () => {
  const file = join(await tempDir(), 'city.mmdb');
  writeFileSync(file, smallDatabase());
  const planned = await planOf({ ...SETTINGS, geo_database: file });
  // As a thread gets it: nothing but plain data is left.
  plan = structuredClone(planned.plan);
});

function serve(facts: DatacenterStandings = standings(3)) {
  const served = new Served(plan, facts);
  const answer = (question: string, from: readonly number[]) =>
    seen(ask(served.zones, question, Uint8Array.from(from)));
  return { served, answer };
}

function plain(record: string, scope: number) {
  return { ...PLAIN, answer: [record], scope };
}

describe('what a plan is made into', () => {
  test.each([
    { name: 'London', from: LONDON, address: '198.51.100.10', scope: 24 },
    { name: 'Sydney', from: SYDNEY, address: '198.51.100.20', scope: 11 },
    { name: 'Kansas', from: KANSAS, address: '192.0.2.10', scope: 5 },
    { name: 'a net of ours', from: OURS, address: '192.0.2.10', scope: 1 },
    { name: 'nowhere in particular', from: PRIVATE, address: '192.0.2.10', scope: 5 },
  ])('answers a client in $name with the closest', ({ from, address, scope }) => {
    expect(serve().answer('www.example.com. A', from)).toEqual(plain(`www.example.com. 60 A ${address}`, scope));
  });

  test.each([
    { question: 'www.example.com. AAAA', from: LONDON, answer: ['www.example.com. 60 AAAA 2001:db8::10'] },
    { question: 'www.example.com. HTTPS', from: LONDON, answer: ['www.example.com. 60 HTTPS 1 . alpn=h2'] },
    { question: 'x.dev.example.com. A', from: SYDNEY, answer: ['x.dev.example.com. 300 A 198.51.100.20'] },
    { question: 'eu.example.com. A', from: LONDON, answer: ['eu.example.com. 300 A 198.51.100.20'] },
    { question: 'one.example.com. A', from: SYDNEY, answer: ['one.example.com. 300 A 198.51.100.10'] },
    {
      question: 'all.example.com. A',
      from: SYDNEY,
      answer: [
        'all.example.com. 300 A 198.51.100.10',
        'all.example.com. 300 A 192.0.2.10',
        'all.example.com. 300 A 198.51.100.20',
      ],
    },
    { question: 'www.example.com. TXT', from: LONDON, answer: ['www.example.com. 300 TXT "beside geo"'] },
    {
      question: 'alias.example.com. A',
      from: LONDON,
      answer: [
        'alias.example.com. 300 CNAME a.b.static.example.com.',
        'a.b.static.example.com. 300 A 192.0.2.77',
        'a.b.static.example.com. 300 A 192.0.2.78',
      ],
    },
  ])('answers $question', ({ question, from, answer }) => {
    expect(serve().answer(question, from)).toMatchObject({ rcode: 'NOERROR', answer });
  });

  test.each([
    { name: 'of a datacenter without IPv6', question: 'www.example.com. AAAA', from: KANSAS },
    { name: 'where an order is empty', question: 'eu.example.com. A', from: SYDNEY },
    { name: 'of an empty non-terminal', question: 'b.static.example.com. A', from: LONDON },
  ])('has no answer $name', ({ question, from }) => {
    expect(serve().answer(question, from)).toMatchObject({ rcode: 'NOERROR', answer: [], authority: [SOA] });
  });

  test('looks into the memory that it was handed', () => {
    const [packed] = plan.zones;
    const [zone] = serve().served.zones;
    expect(packed?.sets.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(zone?.soa.rdatas[0]?.bytes.buffer).toBe(packed?.sets.buffer);
  });
});

describe('health', () => {
  test('takes who is out of service from answers, and leaves their scope as it was', () => {
    const facts = standings(3);
    const { answer } = serve(facts);
    facts.inService[1] = 0;
    expect(answer('www.example.com. A', LONDON)).toEqual(plain('www.example.com. 60 A 192.0.2.10', 24));
    expect(answer('one.example.com. A', LONDON).answer).toEqual(['one.example.com. 300 A 192.0.2.10']);
    expect(answer('all.example.com. A', LONDON).answer).toEqual([
      'all.example.com. 300 A 192.0.2.10',
      'all.example.com. 300 A 198.51.100.20',
    ]);
  });

  test.each([
    { question: 'www.example.com. A', count: 1 },
    { question: 'one.example.com. A', count: 1 },
    { question: 'drawn.example.com. A', count: 1 },
    { question: 'all.example.com. A', count: 3 },
  ])('never takes the last one from $question', ({ question, count }) => {
    const facts = standings(3);
    const { answer } = serve(facts);
    const before = answer(question, LONDON);
    facts.inService.fill(0);
    expect(answer(question, LONDON)).toEqual(before);
    expect(before.answer).toHaveLength(count);
  });

  test('sends the clients of one by weight to the others, and nobody else elsewhere', () => {
    const facts = standings(3);
    const { answer } = serve(facts);
    const nets = Array.from({ length: 300 }, (_, i) => [20 + (i % 50), i % 7, i % 11, 1]);
    const all = () => nets.map((net) => answer('drawn.example.com. A', net).answer.join());
    const before = all();
    facts.inService[2] = 0;
    const after = all();
    expect(before.map((text, i) => text !== after[i])).toEqual(before.map((text) => text.endsWith('198.51.100.20')));
    expect(new Set(before).size).toBe(3);
    expect(new Set(after).size).toBe(2);
  });

  test('shortens the life of answers that a change may reach, and of no others', () => {
    const facts = standings(3);
    const { answer } = serve(facts);
    facts.ttlLimits[2] = 12;
    expect(answer('www.example.com. A', LONDON).answer).toEqual(['www.example.com. 12 A 198.51.100.10']);
    expect(answer('one.example.com. A', LONDON).answer).toEqual(['one.example.com. 300 A 198.51.100.10']);
    expect(answer('www.example.com. TXT', LONDON).answer).toEqual(['www.example.com. 300 TXT "beside geo"']);
    facts.ttlLimits[2] = 100;
    expect(answer('www.example.com. A', LONDON).answer).toEqual(['www.example.com. 60 A 198.51.100.10']);
  });
});

test('tables that are replaced count from the next question on', async () => {
  const { served, answer } = serve();
  expect(answer('www.example.com. A', LONDON).answer).toEqual(['www.example.com. 60 A 198.51.100.10']);
  const { plan: without } = await planOf(SETTINGS);
  served.takeTables(without.tables);
  expect(answer('www.example.com. A', LONDON).answer).toEqual(['www.example.com. 60 A 192.0.2.10']);
});
