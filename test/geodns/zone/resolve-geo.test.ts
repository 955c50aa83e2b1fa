import { describe, expect, test } from 'vitest';
import type { ClientPlace, GeoRecord, RecordSet } from '../../../src/geodns/model.ts';
import { rdataFromText } from '../../../src/geodns/wire/rdata.ts';
import { TYPE, typeFromText } from '../../../src/geodns/wire/types.ts';
import { wordsOf } from '../../../src/geodns/zone/lexer.ts';
import { ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { name } from '../names.ts';
import { ask, HEAD, PLAIN, SOA, seen } from './questions.ts';
import { zoneOf } from './zones.ts';

describe('a geographic name', () => {
  const owner = name('www.example.');
  const asked: ClientPlace[] = [];
  const geo: GeoRecord = {
    ttl: 20,
    sets: (type) => {
      if (type === TYPE.A) return [set('A', '192.0.2.1'), set('A', '192.0.2.2'), undefined];
      if (type === TYPE.AAAA) return [undefined, set('AAAA', '2001:db8::2'), undefined];
      return [undefined, undefined, undefined];
    },
    choose: (client) => {
      asked.push(client);
      return { datacenters: [...client.address], scope: 24 };
    },
  };
  const zone = zoneOf('example.', `${HEAD}alias CNAME www\nwww MX 10 www\nmail MX 10 www\na CNAME x.w`, [
    { owner, record: geo, where: 'here' },
    { owner: name('*.w.example.'), record: geo, where: 'there' },
  ]);
  const zones = new ZoneSet([zone]);

  test.each([
    { q: 'WWW.example. A', from: [0], answer: ['WWW.example. 20 A 192.0.2.1'], scope: 24 },
    {
      q: 'www.example. A',
      from: [1, 0],
      answer: ['www.example. 20 A 192.0.2.2', 'www.example. 20 A 192.0.2.1'],
      scope: 24,
    },
    { q: 'www.example. A', from: [1, 1, 7], answer: ['www.example. 20 A 192.0.2.2'], scope: 24 },
    { q: 'www.example. AAAA', from: [1, 0], answer: ['www.example. 20 AAAA 2001:db8::2'], scope: 24 },
    { q: 'www.example. AAAA', from: [0], authority: [SOA], scope: 24 },
    { q: 'www.example. A', from: [], authority: [SOA], scope: 24 },
    { q: 'www.example. HTTPS', from: [0], authority: [SOA], scope: 0 },
    { q: 'www.example. TXT', from: [0], authority: [SOA], scope: 0 },
    { q: 'www.example. MX', from: [0], answer: ['www.example. 60 MX 10 www.example.'], scope: 0 },
    { q: 'www.example. ANY', from: [0], answer: ['www.example. 3600 HINFO "RFC8482" ""'], scope: 0 },
    { q: 'x.w.example. A', from: [0], answer: ['x.w.example. 20 A 192.0.2.1'], scope: 24 },
    { q: 'alias.example. A', from: [0], answer: ['alias.example. 60 CNAME www.example.'], scope: 0 },
    { q: 'a.example. A', from: [0], answer: ['a.example. 60 CNAME x.w.example.'], scope: 0 },
    {
      q: 'alias.example. MX',
      from: [0],
      answer: ['alias.example. 60 CNAME www.example.', 'www.example. 60 MX 10 www.example.'],
      scope: 0,
    },
  ])('$q where $from are chosen', ({ q, from, ...expected }) => {
    expect(seen(ask(zones, q, Uint8Array.from(from)))).toEqual({ ...PLAIN, ...expected });
  });

  test('is not decided for whom it does not matter', () => {
    asked.length = 0;
    for (const q of ['www.example. MX', 'www.example. HTTPS', 'alias.example. A', 'mail.example. MX']) ask(zones, q);
    expect(asked).toEqual([]);
  });

  function set(type: string, text: string): RecordSet {
    const number = typeFromText(type) as number;
    const rdata = rdataFromText(number, wordsOf(text) as never, name);
    return { owner, type: number, ttl: 1, rdatas: [rdata as never] };
  }
});
