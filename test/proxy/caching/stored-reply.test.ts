import { describe, expect, test } from 'vitest';
import { CachedObject } from '../../../src/cache/object.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';
import { storedReply } from '../../../src/proxy/caching/stored-reply.ts';
import { SharedFields } from '../../../src/proxy/exchange.ts';
import { at, NOON, storedResponse } from '../../cache/conditional/stored.ts';
import { CollectedExchange } from './collected-exchange.ts';

const FIELDS = ['content-type', 'text/plain', 'etag', '"1"', 'last-modified', at(-60), 'date', at(0)];

interface Case {
  readonly name: string;
  readonly asked?: readonly string[];
  readonly method?: string;
  readonly stored?: Partial<StoredResponse>;
  readonly fields?: readonly string[];
  /** `null`: it is still coming. */
  readonly length?: number | null;
}

/** Status, Content-Length and the bytes of the stored body that follow, [from, to). */
type Expected = readonly [
  status: number,
  length: number | undefined,
  parts: readonly (readonly [number, number | undefined])[],
];

describe('the reply that a stored response gives', () => {
  test.each<Case & { readonly expected: Expected | undefined }>([
    { name: 'to who wants all: all', expected: [200, 1000, [[0, undefined]]] },
    { name: 'to HEAD: no body', method: 'HEAD', expected: [200, 1000, []] },
    { name: 'of a 404: the 404', stored: { status: 404 }, expected: [404, 1000, [[0, undefined]]] },
    { name: 'to who has it: 304', asked: ['If-None-Match', 'W/"1"'], expected: [304, undefined, []] },
    { name: 'to who has another one: all', asked: ['If-None-Match', '"2"'], expected: [200, 1000, [[0, undefined]]] },
    { name: 'to who has it since: 304', asked: ['If-Modified-Since', at(-60)], expected: [304, undefined, []] },
    {
      name: 'to a condition and a range: the condition first',
      asked: ['If-None-Match', '"1"', 'Range', 'bytes=0-1'],
      expected: [304, undefined, []],
    },
    { name: 'to a range: that', asked: ['Range', 'bytes=10-19'], expected: [206, 10, [[10, 20]]] },
    { name: 'to a range to the end', asked: ['Range', 'bytes=990-'], expected: [206, 10, [[990, 1000]]] },
    { name: 'to a range from the end', asked: ['Range', 'bytes=-5'], expected: [206, 5, [[995, 1000]]] },
    { name: 'to a range beyond the end: 416', asked: ['Range', 'bytes=1000-'], expected: [416, 0, []] },
    {
      name: 'to a range of something else: all',
      asked: ['Range', 'bytes=0-1', 'If-Range', '"2"'],
      expected: [200, 1000, [[0, undefined]]],
    },
    { name: 'to a range of the same', asked: ['Range', 'bytes=0-1', 'If-Range', '"1"'], expected: [206, 2, [[0, 2]]] },
    {
      name: 'to HEAD with a range: as without',
      method: 'HEAD',
      asked: ['Range', 'bytes=0-1'],
      expected: [200, 1000, []],
    },
    {
      name: 'to a range while nobody knows the length: all',
      asked: ['Range', 'bytes=0-1'],
      length: null,
      expected: [200, undefined, [[0, undefined]]],
    },
    {
      name: 'to a range of what we have compressed: all',
      asked: ['Range', 'bytes=0-1'],
      fields: ['etag', 'W/"1"', 'content-encoding', 'br'],
      expected: [200, 1000, [[0, undefined]]],
    },
    {
      name: 'of a part, to a range within it: from where that begins',
      asked: ['Range', 'bytes=110-119'],
      stored: { status: 206, part: { first: 100, complete: 5000 } },
      expected: [206, 10, [[10, 20]]],
    },
    {
      name: 'of a part, to a range beyond it: none',
      asked: ['Range', 'bytes=50-119'],
      stored: { status: 206, part: { first: 100, complete: 5000 } },
      expected: undefined,
    },
    {
      name: 'of a part, to who wants all: none',
      stored: { status: 206, part: { first: 0, complete: 5000 } },
      expected: undefined,
    },
  ])('$name', ({ expected, ...each }) => {
    const reply = replyTo(each);
    const found = reply && [reply.status, reply.length, reply.parts.map(({ from, to }) => [from, to])];
    expect(found).toEqual(expected);
  });

  test('has all fields for the whole, and for a 304 those that do not describe the body', () => {
    expect(replyTo({ name: '' })).toMatchObject({ shared: { fields: FIELDS }, fields: [] });
    const notModified = replyTo({ name: '', asked: ['If-None-Match', '"1"'] });
    expect(notModified?.shared).toBeUndefined();
    expect(notModified?.fields).toEqual(['etag', '"1"', 'date', at(0)]);
  });

  test('has several ranges as parts, whose heads and bytes are as long as it says', () => {
    const reply = replyTo({ name: '', asked: ['Range', 'bytes=0-9,500-509'] });
    if (reply === undefined) throw new Error('no reply');
    const { parts, tail, length, fields } = reply;
    expect(parts.map(({ from, to }) => [from, to])).toEqual([
      [0, 10],
      [500, 510],
    ]);
    const sent = parts.reduce((sum, { head, from, to }) => sum + head.length + ((to ?? 0) - from), tail.length);
    expect(sent).toBe(length);
    expect(fields).toContain(String(length));
    expect(fields.join(' ')).toContain('multipart/byteranges');
  });
});

function replyTo({ asked = [], method = 'GET', stored = {}, fields = FIELDS, length = 1000 }: Case) {
  const { head } = new CollectedExchange({ method, target: '/', fields: asked }, NOON);
  const object = new CachedObject(storedResponse(fields, stored), 1, 1, length ?? undefined, undefined);
  return storedReply(head, object, new SharedFields(fields), NOON);
}
