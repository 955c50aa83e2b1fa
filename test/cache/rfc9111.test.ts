import { describe, test } from 'vitest';
import { type Answer, at, type FieldRecord, play, type Step } from './dialogue.ts';

/**
 * The requirements of RFC 9111 on caches, in its order, beside those that the public suite plays: MUST and SHOULD alike.
 * Not here: §4.2's one on coarser clocks (ours is finer), and what is for private caches, browsers or origins.
 */

interface Requirement {
  readonly section: string;
  readonly says: string;
  readonly steps: readonly Step[];
}

const FRESH: FieldRecord = { 'cache-control': 'max-age=60' };
const TAGGED: FieldRecord = { ...FRESH, etag: '"a"' };

const stores = (head: FieldRecord, more: Partial<Answer> = {}, asked: Partial<Step> = {}): Step => ({
  origin: { head, ...more },
  from: 'origin',
  status: more.status ?? 200,
  ...asked,
});
const hit = (more: Partial<Step> = {}): Step => ({ from: 'cache', content: 'Content 1', ...more });
const miss = (more: Partial<Step> = {}): Step => ({ from: 'origin', ...more });
const fails = (more: Partial<Step> = {}): Step => ({ from: 'nobody', origin: 'refuses', ...more });
/** Validated, with this said by the 304. */
const validated = (head: FieldRecord = {}, more: Partial<Step> = {}): Step => ({
  origin: { status: 304, head },
  from: 'validated',
  content: 'Content 1',
  ...more,
});

const STORING: readonly Requirement[] = [
  {
    section: '3',
    says: 'what a PUT brings is not stored',
    steps: [stores(FRESH, {}, { method: 'PUT' }), miss()],
  },
  {
    section: '3',
    says: 'an unknown status is stored with a lifetime of its own',
    steps: [stores({ expires: at(60) }, { status: 418 }), hit({ status: 418 })],
  },
  {
    section: '3',
    says: 'an unknown status is not stored without',
    steps: [stores({ 'last-modified': at(-1e6) }, { status: 418 }), miss()],
  },
  {
    section: '3',
    says: 'public makes an unknown status cacheable',
    steps: [stores({ 'last-modified': at(-1e6), 'cache-control': 'public' }, { status: 418 }), hit({ status: 418 })],
  },
  {
    section: '3',
    says: 'must-understand keeps an unknown status out, whatever its lifetime',
    steps: [stores({ 'cache-control': 'must-understand, max-age=60' }, { status: 418 }), miss()],
  },
  {
    section: '3',
    says: 'no-store forbids, in any case and beside anything',
    steps: [stores({ 'cache-control': 'public, max-age=60, NO-STORE, s-maxage=60' }), miss()],
  },
  { section: '3', says: 'private forbids', steps: [stores({ 'cache-control': 'max-age=60, private' }), miss()] },
  {
    section: '3.1',
    says: 'fields that nobody knows are stored, those of several lines too',
    steps: [stores({ ...FRESH, 'x-odd': ['1', '2'] }), hit({ has: { 'x-odd': ['1', '2'] } })],
  },
  {
    section: '3.1',
    says: 'what Connection names is not stored',
    steps: [
      stores({ ...FRESH, connection: 'x-hop, Close', 'x-hop': '1', close: '2' }),
      hit({ has: { 'x-hop': undefined, close: undefined, connection: undefined } }),
    ],
  },
  {
    section: '3.1',
    says: 'what is between two proxies is not stored',
    steps: [
      stores({ ...FRESH, 'proxy-authenticate': 'Basic', 'proxy-authentication-info': 'x', 'keep-alive': 'x' }),
      hit({
        has: { 'proxy-authenticate': undefined, 'proxy-authentication-info': undefined, 'keep-alive': undefined },
      }),
    ],
  },
  {
    section: '3.2',
    says: 'a field of a 304 replaces all lines of its name, and others stay',
    steps: [
      stores({ ...TAGGED, link: ['</a>', '</b>'], 'x-old': '1' }),
      validated({ etag: '"a"', link: '</c>', 'x-new': '2' }, { after: 61, has: { link: '</c>', 'x-old': '1' } }),
      hit({ has: { link: '</c>', 'x-old': '1', 'x-new': '2' } }),
    ],
  },
  {
    section: '3.2',
    says: 'a 304 changes nothing that belongs to a connection, nor the length',
    steps: [
      stores({ ...TAGGED, 'x-hop': 'stored' }),
      validated(
        { etag: '"a"', connection: 'x-hop', 'x-hop': '2', 'content-length': '4711' },
        { after: 61, has: { 'x-hop': 'stored', 'content-length': '9' } },
      ),
      hit({ has: { 'x-hop': 'stored', 'content-length': '9' } }),
    ],
  },
  {
    section: '3.2',
    says: 'a 304 leaves what the stored content depends on: its coding, its range, its digest',
    steps: [
      stores({ ...TAGGED, 'content-encoding': 'x-odd', 'content-digest': 'sha-256=:AA==:' }),
      validated(
        { etag: '"a"', 'content-encoding': 'br', 'content-digest': 'sha-256=:BB==:', 'content-range': 'bytes 0-1/2' },
        {
          after: 61,
          has: { 'content-encoding': 'x-odd', 'content-digest': 'sha-256=:AA==:', 'content-range': undefined },
        },
      ),
    ],
  },
  {
    section: '3.3',
    says: 'what broke off answers nobody else',
    steps: [{ origin: { head: FRESH, brokenOff: true }, from: 'origin' }, miss({ content: 'Content 2' })],
  },
  {
    section: '3.3',
    says: 'a part answers for a range within it, as a 206',
    steps: [
      stores(
        { ...TAGGED, 'content-range': 'bytes 0-4/9' },
        { status: 206, content: 'Conte' },
        { head: { range: 'bytes=0-4' } },
      ),
      hit({
        head: { range: 'bytes=1-2' },
        status: 206,
        content: 'on',
        has: { 'content-range': 'bytes 1-2/9', 'content-length': '2' },
      }),
      miss({ head: { range: 'bytes=3-6' } }),
    ],
  },
  {
    section: '3.3',
    says: 'a part does not answer for the whole',
    steps: [
      stores(
        { ...TAGGED, 'content-range': 'bytes 4-8/9' },
        { status: 206, content: 'ent 1' },
        { head: { range: 'bytes=4-8' } },
      ),
      miss({ content: 'Content 2' }),
    ],
  },
  {
    section: '3.4',
    says: 'the rest completes a part, and its fields are the newer ones',
    steps: [
      stores(
        { ...TAGGED, 'content-range': 'bytes 0-4/9', 'x-test': 'old' },
        { status: 206, content: 'Conte' },
        { head: { range: 'bytes=0-4' } },
      ),
      stores(
        { ...TAGGED, 'content-range': 'bytes 5-8/9', 'x-test': 'new' },
        { status: 206, content: 'nt 1' },
        { status: 200, content: 'Content 1', sends: { range: 'bytes=5-', 'if-range': '"a"' } },
      ),
      hit({ has: { 'x-test': 'new', 'content-range': undefined, 'content-length': '9' } }),
    ],
  },
  {
    section: '3.4',
    says: 'parts of different strong validators are not joined',
    steps: [
      stores(
        { ...TAGGED, 'content-range': 'bytes 0-4/9' },
        { status: 206, content: 'Conte' },
        { head: { range: 'bytes=0-4' } },
      ),
      // The origin ignores If-Range: what comes is of no use, and we ask once more, and get the same.
      stores(
        { ...FRESH, etag: '"b"', 'content-range': 'bytes 5-8/9' },
        { status: 206, content: 'XXXX' },
        { status: 206, content: 'XXXX' },
      ),
    ],
  },
  ...['max-age=60', 'max-age=60, proxy-revalidate', 'max-age=60, must-understand'].map((value) => ({
    section: '3.5',
    says: `a response to Authorization with ${value} is not stored`,
    steps: [stores({ 'cache-control': value }, {}, { head: { authorization: 'Basic x' } }), miss()],
  })),
  ...['max-age=60, public', 's-maxage=60', 'max-age=60, must-revalidate'].map((value) => ({
    section: '3.5',
    says: `a response to Authorization with ${value} is for all`,
    steps: [stores({ 'cache-control': value }, {}, { head: { authorization: 'Basic x' } }), hit()],
  })),
  ...['s-maxage=60', 'max-age=60, must-revalidate'].map((value) => ({
    section: '3.5',
    says: `a response to Authorization that ${value} lets us store is validated when it is stale`,
    steps: [
      stores({ 'cache-control': value, etag: '"a"' }, {}, { head: { authorization: 'Basic x' } }),
      fails({ after: 61 }),
    ],
  })),
  {
    section: '3.5',
    says: 'not by CDN-Cache-Control, either, without a directive that allows it',
    steps: [
      stores(
        { 'cache-control': 'public', 'cdn-cache-control': 'max-age=60' },
        {},
        { head: { authorization: 'Basic x' } },
      ),
      miss(),
    ],
  },
];

const REUSE: readonly Requirement[] = [
  { section: '4', says: 'a GET answers a HEAD', steps: [stores(FRESH), hit({ method: 'HEAD', content: '' })] },
  { section: '4', says: 'a HEAD does not answer a GET', steps: [stores(FRESH, {}, { method: 'HEAD' }), miss()] },
  { section: '4', says: 'the query is part of the URI', steps: [stores(FRESH), miss({ target: '/?' })] },
  {
    section: '4',
    says: 'the case of the path counts',
    steps: [stores(FRESH, {}, { target: '/a' }), miss({ target: '/A' })],
  },
  {
    section: '4',
    says: 'Age is generated, in place of the one that came',
    steps: [stores({ ...FRESH, age: '7' }, {}, { has: { age: '7' } }), hit({ after: 5, has: { age: '12' } })],
  },
  { section: '4', says: 'a fresh Age is 0', steps: [stores(FRESH), hit({ has: { age: '0' } })] },
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'ODD'].map((method) => ({
    section: '4',
    says: `${method} is written through`,
    steps: [stores(FRESH), miss({ method, content: 'Content 2' })],
  })),
  {
    section: '4',
    says: 'of several the most recent is used',
    steps: [
      stores({ ...FRESH, vary: 'accept' }, {}, { head: { accept: 'a' } }),
      stores({ ...FRESH, vary: 'accept' }, {}, { head: { accept: 'a', 'cache-control': 'no-cache' } }),
      hit({ head: { accept: 'a' }, content: 'Content 2' }),
    ],
  },
  {
    section: '4.1',
    says: 'all fields of all lines of Vary select',
    steps: [
      stores({ ...FRESH, vary: ['X-A', 'x-b, X-C'] }, {}, { head: { 'x-a': '1', 'x-b': '2', 'x-c': '3' } }),
      hit({ head: { 'X-C': '3', 'x-b': '2', 'x-a': '1' } }),
      miss({ head: { 'x-a': '1', 'x-b': '2', 'x-c': '4' } }),
    ],
  },
  {
    section: '4.1',
    says: 'an absent field matches an absent one alone',
    steps: [stores({ ...FRESH, vary: 'x-a' }), miss({ head: { 'x-a': '' } }), hit()],
  },
  {
    section: '4.1',
    says: 'lines of one field match the same in one line',
    steps: [
      stores({ ...FRESH, vary: 'x-a' }, {}, { head: { 'x-a': ['1', '2'] } }),
      hit({ head: { 'x-a': '1,  2' } }),
      miss({ head: { 'x-a': '2, 1' } }),
    ],
  },
  { section: '4.1', says: 'an asterisk matches nothing', steps: [stores({ ...FRESH, vary: 'x-a, *' }), miss()] },
  {
    section: '4.1',
    says: 'a variant that says nothing of Vary does not hide those that do',
    steps: [
      stores(FRESH),
      stores(
        { ...FRESH, vary: 'accept-language' },
        {},
        { after: 1, head: { 'cache-control': 'no-cache', 'accept-language': 'de' } },
      ),
      hit({ head: { 'accept-language': 'de' }, content: 'Content 2' }),
    ],
  },
];

const FRESHNESS: readonly Requirement[] = [
  {
    section: '1.2.2',
    says: 'a lifetime beyond all numbers is a long one',
    steps: [stores({ 'cache-control': `max-age=${'9'.repeat(400)}` }), hit({ after: 1e8 })],
  },
  {
    section: '4.2',
    says: 'the case of a date does not count',
    steps: [stores({ expires: at(60).toLowerCase() }), hit()],
  },
  ...['CET', 'UTC', '+0000'].map((zone) => ({
    section: '4.2',
    says: `a date in ${zone} is invalid, and so in the past`,
    steps: [stores({ expires: at(60).replace('GMT', zone), etag: '"a"' }), validated()],
  })),
  {
    section: '4.2',
    says: 'what is as old as its lifetime is stale',
    steps: [stores(TAGGED), hit({ after: 59 }), validated({}, { after: 1 })],
  },
  {
    section: '4.2.1',
    says: 's-maxage goes before max-age before Expires',
    steps: [
      stores({ 'cache-control': 'max-age=1, s-maxage=60', expires: at(1) }, {}, { target: '/a' }),
      stores({ 'cache-control': 'max-age=60', expires: at(1) }, {}, { target: '/b' }),
      hit({ target: '/a', after: 30 }),
      hit({ target: '/b', content: 'Content 2' }),
    ],
  },
  {
    section: '4.2.1',
    says: 'Expires is counted from Date, not from when it came',
    steps: [stores({ date: at(-100), expires: at(-40), etag: '"a"' }), validated()],
  },
  {
    section: '4.2.1',
    says: 'of two the first counts',
    steps: [stores({ 'cache-control': ['max-age=1', 'max-age=60'], etag: '"a"' }), validated({}, { after: 2 })],
  },
  ...['max-age=x', 'max-age=-1', 'max-age=1.5', 'max-age', 'max-age=', 's-maxage="60', 'max-age=60 s'].map((value) => ({
    section: '4.2.1',
    says: `${value} is freshness that cannot be read, so there is none`,
    steps: [stores({ 'cache-control': value, expires: at(60), etag: '"a"' }), validated()],
  })),
  {
    section: '4.2.2',
    says: 'there is no heuristic beside an explicit time',
    steps: [stores({ expires: at(1), 'last-modified': at(-1e6) }), validated({}, { after: 2 })],
  },
  {
    section: '4.2.2',
    says: 'there is none beside an invalid one, either',
    steps: [stores({ expires: '0', 'last-modified': at(-1e6) }), validated()],
  },
  {
    section: '4.2.2',
    says: 'there is none for a status that is not heuristically cacheable',
    steps: [stores({ 'last-modified': at(-1e6) }, { status: 302 }), miss()],
  },
  {
    section: '4.2.3',
    says: 'the time that a response took belongs to its age',
    steps: [
      stores({ ...TAGGED, age: '10' }, { delay: 20 }),
      hit({ after: 5, has: { age: '35' } }),
      validated({}, { after: 25 }),
    ],
  },
  {
    section: '4.2.3',
    says: 'an old Date is an age',
    steps: [stores({ ...TAGGED, date: at(-50) }), hit({ has: { age: '50' } }), validated({}, { after: 10 })],
  },
  {
    section: '4.2.3',
    says: 'a Date ahead of us is none',
    steps: [stores({ ...TAGGED, date: at(1000) }), hit({ after: 1, has: { age: '1' } }), validated({}, { after: 60 })],
  },
  {
    section: '4.2.3',
    says: 'a 304 has an age of its own',
    steps: [
      stores(TAGGED),
      validated({ etag: '"a"', age: '50' }, { after: 61, has: { age: '50' } }),
      hit({ after: 5, has: { age: '55' } }),
      validated({ etag: '"a"' }, { after: 6 }),
    ],
  },
  {
    section: '4.2.4',
    says: 'what is stale is not served as long as the origin answers',
    steps: [stores(FRESH), miss({ after: 61, content: 'Content 2' })],
  },
  {
    section: '4.2.4',
    says: 'without a connection it is, with its true age',
    steps: [stores(TAGGED), hit({ after: 100, origin: 'refuses', has: { age: '100' } })],
  },
  ...[
    'max-age=60, must-revalidate',
    'max-age=60, proxy-revalidate',
    's-maxage=60',
    'max-age=60, no-cache',
    'max-age=60, s-maxage=30',
  ].flatMap((value): Requirement[] => [
    {
      section: '4.2.4',
      says: `${value} forbids it, connection or not`,
      steps: [stores({ 'cache-control': value, etag: '"a"' }), fails({ after: 61 })],
    },
    {
      section: '4.2.4',
      says: `${value} forbids it for max-stale, too`,
      steps: [
        stores({ 'cache-control': value, etag: '"a"' }),
        validated({}, { after: 61, head: { 'cache-control': 'max-stale' } }),
      ],
    },
  ]),
];

const VALIDATION: readonly Requirement[] = [
  {
    section: '4.3.1',
    says: 'both validators are sent as they came',
    steps: [
      stores({ ...FRESH, etag: 'W/"a"', 'last-modified': at(-9) }),
      validated({}, { after: 61, sends: { 'if-none-match': 'W/"a"', 'if-modified-since': at(-9) } }),
    ],
  },
  {
    section: '4.3.1',
    says: 'a date that is none is not sent',
    steps: [
      stores({ ...TAGGED, 'last-modified': 'yesterday' }),
      validated({}, { after: 61, sends: { 'if-none-match': '"a"', 'if-modified-since': undefined } }),
    ],
  },
  {
    section: '4.3.2',
    says: 'If-None-Match is held against what is stored, weakly and by all its members',
    steps: [
      stores({ ...TAGGED, etag: 'W/"a"' }),
      hit({ head: { 'if-none-match': ['"x"', '"y", "a"'] }, status: 304, content: '', has: { etag: 'W/"a"' } }),
      hit({ head: { 'if-none-match': '"x"' } }),
      hit({ head: { 'if-none-match': '*' }, status: 304, content: '' }),
    ],
  },
  {
    section: '4.3.2',
    says: 'If-Modified-Since does not count beside If-None-Match',
    steps: [
      stores({ ...TAGGED, 'last-modified': at(-9) }),
      hit({ head: { 'if-none-match': '"x"', 'if-modified-since': at(0) } }),
    ],
  },
  {
    section: '4.3.2',
    says: 'If-Modified-Since is held against Date where there is no Last-Modified',
    steps: [
      stores(FRESH),
      hit({ head: { 'if-modified-since': at(0) }, status: 304, content: '' }),
      hit({ head: { 'if-modified-since': at(-1) } }),
    ],
  },
  ...['if-match', 'if-unmodified-since'].map((name) => ({
    section: '4.3.2',
    says: `${name} is for the origin, and goes there`,
    steps: [
      stores({ ...TAGGED, 'last-modified': at(-9) }),
      {
        head: { [name]: name === 'if-match' ? '"x"' : at(-99) },
        origin: { status: 412 },
        sends: { [name]: name === 'if-match' ? '"x"' : at(-99) },
        from: 'origin',
        status: 412,
      } satisfies Step,
      hit(),
    ],
  })),
  {
    section: '4.3.2',
    says: 'a client with another tag gets all when the stored one is confirmed',
    steps: [
      stores(TAGGED),
      validated({ etag: '"a"' }, { after: 61, head: { 'if-none-match': '"b"' }, has: { etag: '"a"' } }),
    ],
  },
  {
    section: '4.3.2',
    says: 'a client with the stored one gets a 304 when it is confirmed',
    steps: [
      stores(TAGGED),
      validated({ etag: '"a"' }, { after: 61, head: { 'if-none-match': '"a"' }, status: 304, content: '' }),
    ],
  },
  {
    section: '4.3.3',
    says: 'a full response takes the place of the stored one',
    steps: [
      stores(TAGGED),
      stores({ ...FRESH, etag: '"b"' }, {}, { after: 61, content: 'Content 2' }),
      hit({ content: 'Content 2', has: { etag: '"b"' } }),
    ],
  },
  {
    section: '4.3.3',
    says: 'a server error is passed on, and what was stored stays',
    steps: [
      stores(TAGGED),
      { after: 61, origin: { status: 503 }, from: 'origin', status: 503 },
      validated({}, { sends: { 'if-none-match': '"a"' } }),
    ],
  },
  {
    section: '4.3.4',
    says: 'a 304 with another strong tag is not used: it is asked again, without conditions',
    steps: [
      stores(TAGGED),
      {
        after: 61,
        origin: { status: 304, head: { etag: '"b"' } },
        // The origin insists: it is what we have that does not fit.
        from: 'origin',
        status: 304,
        sends: { 'if-none-match': undefined, 'if-modified-since': undefined },
      },
    ],
  },
  {
    section: '4.3.4',
    says: 'a 304 that makes a response private is its last use',
    steps: [
      stores(TAGGED),
      validated({ etag: '"a"', 'cache-control': 'private' }, { after: 61 }),
      miss({ sends: { 'if-none-match': undefined } }),
    ],
  },
  {
    section: '4.3.4',
    says: 'a 304 freshens a coded response that says nothing of Vary',
    steps: [
      stores({ ...TAGGED, 'content-encoding': 'gzip' }),
      validated({ etag: '"a"' }, { after: 61 }),
      hit({ after: 30, has: { age: '30' } }),
    ],
  },
  {
    section: '4.3.5',
    says: 'a HEAD that fits freshens what is stored',
    steps: [
      stores({ ...TAGGED, 'x-test': 'old' }),
      {
        after: 61,
        method: 'HEAD',
        origin: { head: { ...TAGGED, 'x-test': 'new', 'content-length': '9' } },
        from: 'origin',
      },
      hit({ after: 30, has: { 'x-test': 'new' } }),
    ],
  },
  ...[
    { name: 'length', head: { ...TAGGED, 'content-length': '10' } },
    { name: 'tag', head: { ...FRESH, etag: '"b"' } },
  ].map(({ name, head }) => ({
    section: '4.3.5',
    says: `a HEAD with another ${name} makes it stale`,
    steps: [
      stores(TAGGED),
      { method: 'HEAD', head: { 'cache-control': 'no-cache' }, origin: { head }, from: 'origin' } satisfies Step,
      miss(),
    ],
  })),
];

const INVALIDATION: readonly Requirement[] = [
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'ODD'].flatMap((method): Requirement[] => [
    {
      section: '4.4',
      says: `${method} invalidates its target, with all variants`,
      steps: [
        stores({ ...FRESH, vary: 'x-a' }, {}, { head: { 'x-a': '1' } }),
        miss({ method }),
        miss({ head: { 'x-a': '1' } }),
      ],
    },
    {
      section: '4.4',
      says: `a redirection after ${method} does, too`,
      steps: [stores(FRESH), { method, origin: { status: 303 }, from: 'origin', status: 303 }, miss()],
    },
    {
      section: '4.4',
      says: `an error after ${method} does not`,
      steps: [stores(FRESH), { method, origin: { status: 404 }, from: 'origin', status: 404 }, hit()],
    },
  ]),
  ...['OPTIONS', 'PROPFIND', 'REPORT', 'QUERY'].map((method) => ({
    section: '4.4',
    says: `${method} is safe, and does not`,
    steps: [stores(FRESH), miss({ method }), hit()],
  })),
  ...['location', 'content-location'].flatMap((name): Requirement[] => [
    {
      section: '4.4',
      says: `what ${name} names on the same origin goes as well`,
      steps: [
        stores(FRESH, {}, { target: '/other?a' }),
        miss({ method: 'POST', origin: { status: 201, head: { [name]: '/other?a' } }, status: 201 }),
        miss({ target: '/other?a' }),
      ],
    },
    ...['https://www.example.com/other', 'http://example.com/other', '//evil.example/other'].map((value) => ({
      section: '4.4',
      says: `what ${name} names by ${value} is another origin's, and stays`,
      steps: [
        stores(FRESH, {}, { target: '/other' }),
        miss({ method: 'POST', origin: { status: 201, head: { [name]: value } }, status: 201 }),
        hit({ target: '/other' }),
      ],
    })),
  ]),
];

const FIELDS: readonly Requirement[] = [
  {
    section: '5.1',
    says: 'of a list the first Age counts',
    steps: [stores({ ...TAGGED, age: '50, 0' }), validated({}, { after: 10 })],
  },
  ...['x', '-70', '70.0', '', '7e1'].map((age) => ({
    section: '5.1',
    says: `"${age}" is no Age, and ignored`,
    steps: [stores({ ...FRESH, age }), hit({ after: 50, has: { age: '50' } })],
  })),
  {
    section: '5.2',
    says: 'directives pass on to the client, whatever they say to us',
    steps: [
      stores({ 'cache-control': 'Max-Age=60, odd="a, b", s-maxage=60' }),
      hit({ has: { 'cache-control': 'Max-Age=60, odd="a, b", s-maxage=60' } }),
    ],
  },
  {
    section: '5.2',
    says: 'directives pass on to the origin',
    steps: [miss({ head: { 'cache-control': 'no-cache, odd=1' }, sends: { 'cache-control': 'no-cache, odd=1' } })],
  },
  {
    section: '5.2',
    says: 'token and quoted string are alike',
    steps: [stores({ 'cache-control': 'max-age="60"' }), hit({ after: 30 })],
  },
  {
    section: '5.2',
    says: 'what stands in quotes is no directive',
    steps: [stores({ 'cache-control': 'odd="no-store, private", max-age=60' }), hit()],
  },
  {
    section: '5.2.1.1',
    says: 'max-age wants nothing older',
    steps: [
      stores(TAGGED),
      hit({ after: 10, head: { 'cache-control': 'max-age=10' } }),
      validated({}, { after: 1, head: { 'cache-control': 'max-age=10' } }),
    ],
  },
  {
    section: '5.2.1.2',
    says: 'max-stale takes what is not staler',
    steps: [
      stores(TAGGED),
      hit({ after: 70, head: { 'cache-control': 'max-stale=10' }, has: { age: '70' } }),
      validated({}, { after: 1, head: { 'cache-control': 'max-stale=10' } }),
    ],
  },
  {
    section: '5.2.1.2',
    says: 'max-stale alone takes anything',
    steps: [stores(TAGGED), hit({ after: 1e5, head: { 'cache-control': 'max-stale' } })],
  },
  {
    section: '5.2.1.3',
    says: 'min-fresh wants what stays fresh',
    steps: [
      stores(TAGGED),
      hit({ after: 20, head: { 'cache-control': 'min-fresh=40' } }),
      validated({}, { after: 1, head: { 'cache-control': 'min-fresh=40' } }),
    ],
  },
  {
    section: '5.2.1.4',
    says: 'no-cache has it validated',
    steps: [stores(TAGGED), validated({}, { head: { 'cache-control': 'no-cache' } })],
  },
  {
    section: '5.2.1.5',
    says: 'no-store leaves nothing behind',
    steps: [stores(FRESH, {}, { head: { 'cache-control': 'no-store' } }), miss()],
  },
  {
    section: '5.2.1.7',
    says: 'only-if-cached gets what is stored, else 504 and no request to the origin',
    steps: [
      { from: 'nobody', status: 504, head: { 'cache-control': 'only-if-cached' } },
      stores(TAGGED),
      hit({ head: { 'cache-control': 'only-if-cached' } }),
      { from: 'nobody', status: 504, after: 61, head: { 'cache-control': 'only-if-cached' } },
      hit({ head: { 'cache-control': 'only-if-cached, max-stale' } }),
    ],
  },
  {
    section: '5.2.2.2',
    says: 'must-revalidate leaves fresh responses alone, without a connection, too',
    steps: [stores({ 'cache-control': 'max-age=60, must-revalidate' }), hit({ after: 59, origin: 'refuses' })],
  },
  {
    section: '5.2.2.3',
    says: 'must-understand takes the place of no-store where the status is understood',
    steps: [stores({ 'cache-control': 'max-age=60, must-understand, no-store' }), hit()],
  },
  {
    section: '5.2.2.4',
    says: 'no-cache has a fresh response validated each time, max-stale or not',
    steps: [
      stores({ 'cache-control': 'max-age=60, no-cache', etag: '"a"' }),
      validated(),
      validated({}, { head: { 'cache-control': 'max-stale' } }),
    ],
  },
  {
    section: '5.2.2.4',
    says: 'the fields that no-cache names are not reused',
    steps: [
      stores({ 'cache-control': 'max-age=60, no-cache="X-A, set-cookie"', 'x-a': '1', 'set-cookie': 'a=b' }),
      hit({ has: { 'x-a': undefined, 'set-cookie': undefined } }),
    ],
  },
  ...['no-cache="x-a', 'no-cache="(x)"', 'no-cache=""'].map((value) => ({
    section: '5.2.2.4',
    says: `${value}, of which the fields cannot be read, is for all of it`,
    steps: [stores({ 'cache-control': `max-age=60, ${value}`, etag: '"a"' }), validated()],
  })),
  {
    section: '5.2.2.5',
    says: 'no-store holds behind what cannot be read',
    steps: [stores({ 'cache-control': 'odd="x, max-age=60, no-store' }), miss()],
  },
  {
    section: '5.2.2.7',
    says: 'the fields that private names are not stored, the rest is',
    steps: [
      stores({ 'cache-control': 'max-age=60, private="x-a"', 'x-a': '1', 'x-b': '2' }, {}, { has: { 'x-b': '2' } }),
      hit({ has: { 'x-a': undefined, 'x-b': '2' } }),
    ],
  },
  {
    section: '5.2.2.10',
    says: 's-maxage=0 is stale at once, whatever max-age says',
    steps: [stores({ 'cache-control': 'max-age=60, s-maxage=0', etag: '"a"' }), validated()],
  },
  {
    section: '5.2.3',
    says: 'unknown directives are ignored, and what they forbid is nothing',
    steps: [stores({ 'cache-control': 'no-storing, privately, max-age=60, x-no-cache' }), hit()],
  },
  ...['0', '-1', 'never', 'Thu, 31 Feb 2026 00:00:00 GMT'].map((expires) => ({
    section: '5.3',
    says: `Expires: ${expires} is in the past`,
    steps: [stores({ expires, etag: '"a"' }), validated()],
  })),
  {
    section: '5.3',
    says: 'Expires is ignored beside max-age and s-maxage',
    steps: [
      stores({ 'cache-control': 'max-age=60', expires: '0' }, {}, { target: '/a' }),
      stores({ 'cache-control': 's-maxage=0', expires: at(60), etag: '"a"' }, {}, { target: '/b' }),
      hit({ target: '/a' }),
      validated({}, { target: '/b', content: 'Content 2' }),
    ],
  },
  {
    section: '5.4',
    says: 'Pragma: no-cache counts where there is no Cache-Control, and only there',
    steps: [
      stores(TAGGED),
      validated({}, { head: { pragma: 'no-cache' } }),
      hit({ head: { pragma: 'no-cache', 'cache-control': 'max-age=60' } }),
    ],
  },
  {
    section: '5.4',
    says: 'Pragma of a response says nothing',
    steps: [stores({ ...FRESH, pragma: 'no-cache' }), hit()],
  },
];

describe.each([
  { name: 'storing', requirements: STORING },
  { name: 'reuse', requirements: REUSE },
  { name: 'freshness', requirements: FRESHNESS },
  { name: 'validation', requirements: VALIDATION },
  { name: 'invalidation', requirements: INVALIDATION },
  { name: 'fields', requirements: FIELDS },
])('RFC 9111, $name', ({ requirements }) => {
  test.each(requirements)('§$section: $says', ({ steps }) => play(steps));
});
