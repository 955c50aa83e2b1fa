import { describe, expect, test } from 'vitest';
import { Query } from '../../../src/geodns/wire/message-query.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { name } from '../names.ts';

describe('a query', () => {
  const query = new Query(7);

  test('is told by where its parts are', () => {
    const options = [
      [3, ''],
      [8, '0002230020010db820'],
      [10, '0102030405060708'],
      [11, '0000'],
    ] as const;
    const bytes = dnsQuery({ name: 'a.bc.', type: 28, class: 3, edns: { udpLength: 1400, flags: 0x8000, options } });
    expect(query.read(bytes, bytes.length)).toBe('question');
    expect([query.nameLength, query.type, query.class, query.questionEnd]).toEqual([6, 28, 3, 22]);
    const { edns } = query;
    expect(edns).toMatchObject({ isPresent: true, udpLength: 1400, version: 0, isDnssecOk: true });
    expect(edns).toMatchObject({ wantsNsid: true, hasKeepalive: true, subnetFamily: 2, subnetPrefix: 35 });
    expect(bytes.toString('hex', edns.subnetAt, edns.subnetAt + 5)).toBe('20010db820');
    expect(bytes.toString('hex', edns.cookieAt, edns.cookieAt + edns.cookieLength)).toBe('0102030405060708');
  });

  test('leaves nothing to the next one', () => {
    const plain = dnsQuery({});
    expect(query.read(plain, plain.length)).toBe('question');
    expect(query.edns).toMatchObject({
      isPresent: false,
      udpLength: 0,
      isDnssecOk: false,
      cookieLength: 0,
      subnetFamily: 0,
      subnetPrefix: 0,
      wantsNsid: false,
      hasKeepalive: false,
    });
  });

  test('has one hash for all cases of a name, and that of the name by itself', () => {
    const hashes = ['www.example.com.', 'WWW.eXample.COM.'].map((asked) => {
      const bytes = dnsQuery({ name: asked });
      query.read(bytes, bytes.length);
      return query.nameHash;
    });
    expect(hashes).toEqual(Array(2).fill(query.hashOf(name('www.Example.com.'))));
    expect(new Query(8).hashOf(name('www.example.com.'))).not.toBe(hashes[0]);
  });

  test('ends where it is said to end, whatever the memory has behind that', () => {
    const bytes = dnsQuery({ edns: { options: [[8, '00011800010203']] } });
    expect(query.read(bytes, bytes.length)).toBe('question');
    for (let length = 12; length < bytes.length; length++) expect(query.read(bytes, length)).toBe('formerr');
  });
});
