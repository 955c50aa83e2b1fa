import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  addMissing,
  endToEndFields,
  httpDate,
  type OriginFields,
  type ResponseRules,
  responseFields,
} from '../../src/proxy/headers.ts';

const DATE = 'Thu, 01 Oct 2026 12:00:00 GMT';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(DATE) });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Wishes {
  readonly remove?: readonly string[];
  readonly set?: readonly string[];
  readonly via?: string;
}

function rules({ remove = [], set = [], via }: Wishes = {}): ResponseRules {
  return { remove: new Set(remove), set, via };
}

/** Without the Date, unless the origin said one, and without our request id. */
function passed(origin: OriginFields, { status = 200, ...wishes }: Wishes & { status?: number } = {}) {
  const response = responseFields(origin, status, rules(wishes), 'id-1');
  const own = new Set([`date: ${DATE}`, 'x-request-id: id-1']);
  return lines(response.fields).filter((line) => !own.has(line));
}

function lines(fields: readonly string[]): string[] {
  return fields.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${fields[i + 1]}`] : []));
}

describe('a reply on its way to the client', () => {
  test('keeps its end-to-end fields, in their order and number', () => {
    expect(passed({ server: 'x', 'set-cookie': ['a=1', 'b=2'], etag: '"1"', 'x-empty': '' })).toEqual([
      'server: x',
      'set-cookie: a=1',
      'set-cookie: b=2',
      'etag: "1"',
      'x-empty: ',
    ]);
  });

  test.each([
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'proxy-authorization',
    'te',
    'trailer',
    'upgrade',
    'http2-settings',
  ])('loses what belongs to the connection of the origin: %s (RFC 9110 §7.6.1)', (name) => {
    expect(passed({ 'x-a': '1', [name]: 'x' })).toEqual(['x-a: 1']);
    expect(passed({ 'x-a': '1', [name]: ['x', 'y'] })).toEqual(['x-a: 1']);
  });

  test.each([{ connection: 'X-Hop' }, { connection: 'keep-alive, x-hop' }, { connection: ['close', 'X-HOP'] }])(
    'loses what Connection names: $connection',
    (named) => {
      expect(passed({ 'x-hop': '1', 'x-a': '1', ...named })).toEqual(['x-a: 1']);
    },
  );

  test('keeps its length, whatever Connection says of that', () => {
    expect(passed({ connection: 'content-length', 'content-length': '5' })).toEqual(['content-length: 5']);
  });

  test('may have fields with the names of an object’s own', () => {
    const origin: OriginFields = Object.defineProperty({ constructor: 'a' }, '__proto__', {
      value: 'b',
      enumerable: true,
    }) as never;
    expect(passed(origin)).toEqual(['constructor: a', '__proto__: b']);
  });
});

describe('the end of a reply', () => {
  test.each([
    { length: '0', number: 0, line: 'content-length: 0' },
    { length: '005', number: 5, line: 'content-length: 5' },
    { length: '999999999999999', number: 999_999_999_999_999, line: 'content-length: 999999999999999' },
  ])('is told by its length: $length', ({ length, number, line }) => {
    const response = responseFields({ 'content-length': length }, 200, rules(), 'id-1');
    expect(response.contentLength).toBe(number);
    expect(lines(response.fields)).toContain(line);
  });

  test('is left to the protocol in front where the origin told it by chunks', () => {
    expect(responseFields({ 'transfer-encoding': 'chunked' }, 200, rules(), 'id-1').contentLength).toBeUndefined();
    expect(passed({ 'transfer-encoding': 'chunked' })).toEqual([]);
  });

  test('is not told by the length of a 204, which has none (RFC 9110 §8.6)', () => {
    expect(passed({ 'content-length': '0' }, { status: 204 })).toEqual([]);
    expect(passed({ 'content-length': '5' }, { status: 304 })).toEqual(['content-length: 5']);
  });
});

describe('what a reply is given', () => {
  const fields = (origin: OriginFields, wishes?: Wishes) =>
    lines(responseFields(origin, 200, rules(wishes), 'id-1').fields);

  test('is a Date, if the origin gave none (RFC 9110 §6.6.1)', () => {
    expect(fields({})).toContain(`date: ${DATE}`);
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    expect(fields({ date })).toContain(`date: ${date}`);
    expect(fields({ date })).not.toContain(`date: ${DATE}`);
  });

  test.each([
    { origin: undefined, via: '1.1 us-1', expected: ['via: 1.1 us-1'] },
    { origin: '1.0 fred', via: '1.1 us-1', expected: ['via: 1.0 fred, 1.1 us-1'] },
    { origin: ['1.0 fred', '1.1 ann'], via: '1.1 us-1', expected: ['via: 1.0 fred, 1.1 ann, 1.1 us-1'] },
    { origin: '1.0 fred', via: undefined, expected: ['via: 1.0 fred'] },
    { origin: undefined, via: undefined, expected: [] },
  ])('is our name in Via, after $origin (RFC 9110 §7.6.3)', ({ origin, via, expected }) => {
    expect(passed({ via: origin }, via === undefined ? {} : { via })).toEqual(expected);
  });

  test('is the id under which the request is in our log, in place of the origin’s', () => {
    expect(fields({ 'x-request-id': 'theirs' }).filter((line) => line.startsWith('x-request-id'))).toEqual([
      'x-request-id: id-1',
    ]);
  });
});

describe('the wishes of a site', () => {
  const all = { 'x-powered-by': 'PHP', server: 'Apache', date: DATE, via: '1.1 x', 'x-request-id': 'y' };

  test('take fields out', () => {
    expect(passed({ ...all, 'x-powered-by': ['a', 'b'] }, { remove: ['x-powered-by', 'server'] })).toEqual([
      'via: 1.1 x',
    ]);
  });

  test('take out our own as well', () => {
    const remove = ['date', 'via', 'x-request-id', 'server', 'x-powered-by'];
    expect(responseFields(all, 200, rules({ remove, via: '1.1 us-1' }), 'id-1').fields).toEqual([]);
  });

  test('set fields, several of one name too, in place of what is taken out', () => {
    const set = ['Server', 'a', 'Date', 'b', 'Via', 'c', 'X-Request-Id', 'd', 'Link', '1', 'Link', '2'];
    const remove = ['server', 'date', 'via', 'x-request-id', 'link', 'x-powered-by'];
    expect(responseFields({ ...all, link: '0' }, 200, rules({ remove, set, via: '1.1 us-1' }), 'id-1').fields).toEqual(
      set,
    );
  });

  test('add to a reply of our own, but do not contradict it', () => {
    const fields = ['content-type', 'text/html', 'cache-control', 'no-store'];
    addMissing(fields, ['Cache-Control', 'max-age=3600', 'X-Frame-Options', 'DENY', 'Link', '1', 'Link', '2']);
    expect(lines(fields)).toEqual([
      'content-type: text/html',
      'cache-control: no-store',
      'X-Frame-Options: DENY',
      'Link: 1',
      'Link: 2',
    ]);
  });
});

describe('the fields of an interim reply, or of trailers', () => {
  test('are end-to-end, frame nothing, and heed the site', () => {
    const origin = {
      link: ['</a.css>; rel=preload', '</b.js>; rel=preload'],
      'content-length': '5',
      'transfer-encoding': 'chunked',
      connection: 'X-Hop',
      'x-hop': '1',
      trailer: 'x',
      'server-timing': 'db;dur=53',
      'x-sum': 'abc',
    };
    expect(lines(endToEndFields(origin, rules({ remove: ['server-timing'] })))).toEqual([
      'link: </a.css>; rel=preload',
      'link: </b.js>; rel=preload',
      'x-sum: abc',
    ]);
  });
});

describe('the date', () => {
  test('goes with the clock, forwards and back', () => {
    expect(httpDate()).toBe(DATE);
    vi.setSystemTime(Date.parse(DATE) + 999);
    expect(httpDate()).toBe(DATE);
    vi.setSystemTime(Date.parse(DATE) + 1000);
    expect(httpDate()).toBe('Thu, 01 Oct 2026 12:00:01 GMT');
    vi.setSystemTime(Date.parse(DATE) - 3_600_000);
    expect(httpDate()).toBe('Thu, 01 Oct 2026 11:00:00 GMT');
  });
});
