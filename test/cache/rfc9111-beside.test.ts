import { describe, expect, test } from 'vitest';
import { at, type FieldRecord, play, type Step } from './dialogue.ts';

/** What the RFCs beside 9111 require of caches, where the public suite does not ask: conditions, ranges, directives, Cache-Status. */

interface Requirement {
  readonly section: string;
  readonly says: string;
  readonly steps: readonly Step[];
}

const FRESH: FieldRecord = { 'cache-control': 'max-age=60' };
const TAGGED: FieldRecord = { ...FRESH, etag: '"a"', 'last-modified': at(-9) };

const stores = (head: FieldRecord, more: Partial<Step> = {}): Step => ({ origin: { head }, from: 'origin', ...more });
const hit = (more: Partial<Step> = {}): Step => ({ from: 'cache', content: 'Content 1', ...more });
const miss = (more: Partial<Step> = {}): Step => ({ from: 'origin', ...more });
const fails = (more: Partial<Step> = {}): Step => ({ from: 'nobody', origin: 'refuses', ...more });
const validated = (more: Partial<Step> = {}): Step => hit({ origin: { status: 304 }, from: 'validated', ...more });
const range = (value: string, more: Partial<Step> = {}): Step =>
  hit({ status: 206, ...more, head: { range: value, ...more.head } });

const RFC_9110: readonly Requirement[] = [
  {
    section: '§8.8.3',
    says: 'a comma or a backslash in a tag is part of it',
    steps: [
      stores({ ...FRESH, etag: '"a,\\b"' }),
      hit({ head: { 'if-none-match': '"x", "a,\\b"' }, status: 304, content: '' }),
      hit({ head: { 'if-none-match': '"a", "\\b"' } }),
    ],
  },
  {
    section: '§9.3.2',
    says: 'a HEAD has the fields of the GET, and no content',
    steps: [
      stores({ ...TAGGED, 'content-type': 'text/x' }),
      hit({ method: 'HEAD', content: '', has: { 'content-length': '9', 'content-type': 'text/x', etag: '"a"' } }),
      hit({ method: 'HEAD', content: '', status: 304, head: { 'if-none-match': '"a"' } }),
    ],
  },
  {
    section: '§13.1.2',
    says: 'If-None-Match compares weakly, and by case',
    steps: [
      stores({ ...FRESH, etag: '"a"' }),
      hit({ head: { 'if-none-match': 'W/"a"' }, status: 304, content: '' }),
      hit({ head: { 'if-none-match': '"A"' } }),
    ],
  },
  {
    section: '§13.1.3',
    says: 'an If-Modified-Since that is no date is ignored',
    steps: [stores(TAGGED), hit({ head: { 'if-modified-since': 'tomorrow' } })],
  },
  {
    section: '§13.1.5',
    says: 'If-Range compares strongly: a weak tag gets all',
    steps: [
      stores({ ...FRESH, etag: 'W/"a"' }),
      hit({ head: { range: 'bytes=0-1', 'if-range': 'W/"a"' } }),
      hit({ head: { range: 'bytes=0-1', 'if-range': '"a"' } }),
    ],
  },
  {
    section: '§13.1.5',
    says: 'If-Range wants the very date, not an earlier or a later one',
    steps: [
      stores(TAGGED),
      range('bytes=0-1', { head: { 'if-range': at(-9) }, content: 'Co' }),
      hit({ head: { range: 'bytes=0-1', 'if-range': at(-8) } }),
      hit({ head: { range: 'bytes=0-1', 'if-range': at(-10) } }),
    ],
  },
  {
    section: '§13.1.5',
    says: 'a date of the second in which the response was made is no strong validator',
    steps: [stores({ ...FRESH, 'last-modified': at(0) }), hit({ head: { range: 'bytes=0-1', 'if-range': at(0) } })],
  },
  {
    section: '§13.1.5',
    says: 'If-Range without Range is ignored',
    steps: [stores(TAGGED), hit({ head: { 'if-range': '"x"' } })],
  },
  {
    section: '§13.2.2',
    says: 'conditions go before ranges',
    steps: [
      stores(TAGGED),
      hit({ head: { range: 'bytes=0-1', 'if-none-match': '"a"' }, status: 304, content: '' }),
      range('bytes=0-1', { head: { 'if-none-match': '"x"' }, content: 'Co' }),
    ],
  },
  {
    section: '§14.2',
    says: 'a Range counts for GET alone',
    steps: [stores(TAGGED), hit({ method: 'HEAD', head: { range: 'bytes=0-1' }, content: '' })],
  },
  ...['lines=0-1', 'bytes=1-0', 'bytes=', 'bytes=a-b', 'bytes = 0-1'].map((value) => ({
    section: '§14.2',
    says: `${value} is ignored`,
    steps: [stores(TAGGED), hit({ head: { range: value } })],
  })),
  {
    section: '§14.1.2',
    says: 'a suffix longer than all is all of it',
    steps: [stores(TAGGED), range('bytes=-100', { has: { 'content-range': 'bytes 0-8/9' } })],
  },
  {
    section: '§14.4',
    says: 'a 416 tells the length',
    steps: [
      stores(TAGGED),
      hit({ head: { range: 'bytes=9-' }, status: 416, content: '', has: { 'content-range': 'bytes */9' } }),
    ],
  },
  {
    section: '§15.3.7',
    says: 'a 206 has the fields that a 200 would have, and the length of its own content',
    steps: [
      stores({ ...TAGGED, expires: at(9), vary: 'x-a', 'content-location': '/c', date: at(0) }),
      range('BYTES=8-', {
        content: '1',
        has: {
          'content-range': 'bytes 8-8/9',
          'content-length': '1',
          'cache-control': 'max-age=60',
          'content-location': '/c',
          date: at(0),
          etag: '"a"',
          expires: at(9),
          vary: 'x-a',
        },
      }),
    ],
  },
  {
    section: '§15.3.7.2',
    says: 'ranges that nearly touch are one',
    steps: [
      stores({ ...TAGGED, 'content-type': 'text/x' }),
      range('bytes=0-0, 2-3', { content: 'Cont', has: { 'content-type': 'text/x', 'content-range': 'bytes 0-3/9' } }),
    ],
  },
  {
    section: '§15.3.7.2',
    says: 'a 206 of several ranges has their Content-Range in its parts alone',
    steps: [
      { origin: { head: TAGGED, content: 'x'.repeat(300) }, from: 'origin' },
      hit({
        head: { range: 'bytes=0-0, 200-201' },
        status: 206,
        content: undefined,
        has: { 'content-type': expect.stringMatching(/^multipart\/byteranges; boundary=/), 'content-range': undefined },
      }),
    ],
  },
  {
    section: '§15.4.5',
    says: 'a 304 has what a 200 would have had, but for what describes the content',
    steps: [
      stores({
        ...TAGGED,
        ...{ expires: at(9), vary: 'x-a', 'content-location': '/c', date: at(0), 'content-type': 'text/x' },
      }),
      hit({
        head: { 'if-none-match': '"a"' },
        status: 304,
        content: '',
        has: {
          'cache-control': 'max-age=60',
          'content-location': '/c',
          date: at(0),
          etag: '"a"',
          expires: at(9),
          vary: 'x-a',
          'content-type': undefined,
          'content-length': undefined,
        },
      }),
    ],
  },
];

const RFC_5861: readonly Requirement[] = [
  {
    section: '§3',
    says: 'stale-while-revalidate serves what is stale, with its age, and the next one gets what is new',
    steps: [
      stores({ 'cache-control': 'max-age=60, stale-while-revalidate=30' }),
      hit({ after: 80, origin: { head: FRESH, content: 'New' }, has: { age: '80' } }),
      hit({ content: 'New' }),
    ],
  },
  {
    section: '§3',
    says: 'beyond its window it does not',
    steps: [
      stores({ 'cache-control': 'max-age=60, stale-while-revalidate=30', etag: '"a"' }),
      validated({ after: 90 }),
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 'no-cache'].map((directive) => ({
    section: '§3',
    says: `${directive} goes before it`,
    steps: [
      stores({ 'cache-control': `max-age=60, stale-while-revalidate=30, ${directive}`, etag: '"a"' }),
      validated({ after: 61 }),
    ],
  })),
  ...[500, 502, 503, 504].map((status) => ({
    section: '§4',
    says: `stale-if-error serves what is stale instead of a ${status}, within its window`,
    steps: [
      stores({ 'cache-control': 'max-age=60, stale-if-error=30' }),
      hit({ after: 89, origin: { status }, has: { age: '89' } }),
      miss({ after: 1, origin: { status }, status }),
    ],
  })),
  ...[404, 501, 505].map((status) => ({
    section: '§4',
    says: `a ${status} is no such error`,
    steps: [
      stores({ 'cache-control': 'max-age=60, stale-if-error=30' }),
      miss({ after: 61, origin: { status }, status }),
    ],
  })),
  {
    section: '§4',
    says: 'a connection that breaks off is one',
    steps: [stores({ 'cache-control': 'max-age=60, stale-if-error=30' }), hit({ after: 61, origin: 'resets' })],
  },
  {
    section: '§4',
    says: 'must-revalidate goes before it',
    steps: [
      stores({ 'cache-control': 'max-age=60, stale-if-error=30, must-revalidate' }),
      miss({ after: 61, origin: { status: 500 }, status: 500 }),
    ],
  },
];

const RFC_8246: readonly Requirement[] = [
  {
    section: '§2',
    says: 'a fresh immutable response is not validated because of a reload',
    steps: [
      stores({ 'cache-control': 'max-age=60, immutable', etag: '"a"' }),
      hit({ after: 30, head: { 'cache-control': 'max-age=0' } }),
      hit({ head: { 'cache-control': 'max-age=0', 'if-none-match': '"a"' }, status: 304, content: '' }),
    ],
  },
  {
    section: '§2',
    says: 'it is where the client insists by no-cache',
    steps: [
      stores({ 'cache-control': 'max-age=60, immutable', etag: '"a"' }),
      validated({ head: { 'cache-control': 'no-cache' } }),
    ],
  },
  {
    section: '§2',
    says: 'a stale one is as any other',
    steps: [stores({ 'cache-control': 'max-age=60, immutable', etag: '"a"' }), validated({ after: 61 })],
  },
];

const RFC_9211: readonly Requirement[] = [
  {
    section: '§2',
    says: 'we come behind the caches nearer to the origin',
    steps: [
      stores(
        { ...FRESH, 'cache-status': '"Near, er"; hit' },
        { has: { 'cache-status': expect.stringContaining('"Near, er"; hit, rig; fwd=') } },
      ),
      hit({ has: { 'cache-status': '"Near, er"; hit, rig; hit; ttl=60' } }),
    ],
  },
  {
    section: '§2.2',
    says: 'hit and fwd are never said together',
    steps: [
      stores(FRESH, { has: { 'cache-status': 'rig; fwd=uri-miss; ttl=60; stored' } }),
      hit({ has: { 'cache-status': 'rig; hit; ttl=60' } }),
    ],
  },
  {
    section: '§2.2',
    says: 'fwd says why',
    steps: [
      stores({ ...TAGGED, vary: 'x-a' }, { method: 'GET' }),
      miss({ head: { 'x-a': '1' }, has: { 'cache-status': expect.stringContaining('rig; fwd=vary-miss') } }),
      miss({
        method: 'POST',
        origin: { status: 404 },
        status: 404,
        has: { 'cache-status': expect.stringContaining('rig; fwd=method') },
      }),
      validated({
        head: { 'cache-control': 'no-cache' },
        has: { 'cache-status': expect.stringContaining('rig; fwd=request; fwd-status=304') },
      }),
      validated({ after: 61, has: { 'cache-status': expect.stringContaining('rig; fwd=stale; fwd-status=304') } }),
    ],
  },
  {
    section: '§2.4',
    says: 'ttl is below zero for what is stale',
    steps: [
      stores({ 'cache-control': 'max-age=60' }),
      hit({
        after: 70,
        head: { 'cache-control': 'max-stale' },
        has: { 'cache-status': 'rig; hit; ttl=-10; detail=max-stale' },
      }),
    ],
  },
];

const RFC_9213: readonly Requirement[] = [
  {
    section: '§2.1',
    says: 'a targeted field takes the place of Cache-Control and Expires, whatever they say',
    steps: [
      stores({ 'cdn-cache-control': 'max-age=60', 'cache-control': 'private, no-store', expires: '0' }),
      hit({ after: 59 }),
    ],
  },
  {
    section: '§2.1',
    says: 'and Expires, where it says nothing of freshness',
    steps: [stores({ 'cdn-cache-control': 'public', expires: at(60), etag: '"a"' }), validated()],
  },
  {
    section: '§2.1',
    says: 'what must-revalidate forbids in it, is forbidden',
    steps: [
      stores({ 'cdn-cache-control': 'max-age=60, must-revalidate', 'cache-control': 'max-age=600' }),
      fails({ after: 61 }),
    ],
  },
  ...['max-age=60,', 'max-age=60, &', 'max-age=60; , a', 'Max-Age=60', 'max-age=60\t'].map((value) => ({
    section: '§2.2',
    says: `${JSON.stringify(value)} is no dictionary and ignored`,
    steps: [stores({ 'cdn-cache-control': value, 'cache-control': 'no-store' }), miss()],
  })),
  {
    section: '§2.2',
    says: 'an empty one is ignored',
    steps: [stores({ 'cdn-cache-control': '', 'cache-control': 'max-age=60' }), hit()],
  },
  {
    section: '§2.2',
    says: 'the field stays for caches between us and the client',
    steps: [
      stores({ 'cdn-cache-control': 'max-age=60' }, { has: { 'cdn-cache-control': 'max-age=60' } }),
      hit({ has: { 'cdn-cache-control': 'max-age=60' } }),
    ],
  },
  {
    section: '§2.2',
    says: 'a 304 can change it',
    steps: [
      stores({ 'cdn-cache-control': 'max-age=60', etag: '"a"' }),
      validated({ after: 61, origin: { status: 304, head: { etag: '"a"', 'cdn-cache-control': 'max-age=600' } } }),
      hit({ after: 599 }),
    ],
  },
];

const SURROGATES: readonly Requirement[] = [
  {
    section: 'Surrogate-Control',
    says: 'takes the place of Cache-Control and Expires',
    steps: [
      stores({ 'surrogate-control': 'max-age=60', 'cache-control': 'no-store', expires: '0' }),
      hit({ after: 59, has: { 'surrogate-control': 'max-age=60' } }),
    ],
  },
  {
    section: 'Surrogate-Control',
    says: 'does not where it is for another surrogate',
    steps: [stores({ 'surrogate-control': 'max-age=60;other', 'cache-control': 'no-store' }), miss()],
  },
  {
    section: 'Surrogate-Control',
    says: 'does not where it is about what is done to the content',
    steps: [stores({ 'surrogate-control': 'content="ESI/1.0"', 'cache-control': 'max-age=60' }), hit()],
  },
  {
    section: 'Surrogate-Control',
    says: 'may let what is stale be served for a while',
    steps: [stores({ 'surrogate-control': 'max-age=60+30' }), hit({ after: 89, origin: { content: 'New' } })],
  },
  {
    section: 'Surrogate-Control',
    says: 'is not asked where CDN-Cache-Control is there',
    steps: [stores({ 'surrogate-control': 'max-age=60', 'cdn-cache-control': 'no-store' }), miss()],
  },
];

describe.each([
  { name: 'RFC 9110', requirements: RFC_9110 },
  { name: 'RFC 5861', requirements: RFC_5861 },
  { name: 'RFC 8246', requirements: RFC_8246 },
  { name: 'RFC 9211', requirements: RFC_9211 },
  { name: 'RFC 9213', requirements: RFC_9213 },
  { name: 'Edge Architecture', requirements: SURROGATES },
])('$name', ({ requirements }) => {
  test.each(requirements)('$section: $says', ({ steps }) => play(steps));
});
