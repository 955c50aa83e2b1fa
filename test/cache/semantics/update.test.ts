import { describe, expect, test } from 'vitest';
import { freshen, isSelectedBy, updateByHead } from '../../../src/cache/semantics/update.ts';
import { contextOf, httpDate, NOW, requestOf, responseOf, rulesOf, SECOND, storedOf } from './exchange.ts';

const LATER = NOW + 100 * SECOND;
const context = contextOf({ times: { requestTime: LATER, responseTime: LATER } });

const STORED = storedOf({
  fields: [
    ...['date', httpDate(0), 'etag', '"a"', 'cache-control', 'max-age=60', 'content-type', 'text/html'],
    ...[
      'content-encoding',
      'gzip',
      'content-digest',
      'sha-256=:BBBB:',
      'link',
      '</a>',
      'link',
      '</b>',
      'x-test',
      'old',
    ],
  ],
  etag: '"a"',
});

function notModified(fields: Record<string, string>) {
  return responseOf({ date: httpDate(100), ...fields }, 304);
}

describe('a 304 speaks of the stored response (RFC 9111 §4.3.4)', () => {
  const both = { etag: '"a"', lastModified: httpDate(-9) };
  test.each([
    { stored: both, fields: { etag: '"a"' }, selected: true },
    { stored: both, fields: { etag: 'W/"a"' }, selected: true },
    { stored: { ...both, etag: 'W/"a"' }, fields: { etag: '"a"' }, selected: true },
    { stored: both, fields: { etag: '"b"' }, selected: false },
    { stored: both, fields: { etag: '"b"', 'last-modified': httpDate(-9) }, selected: false },
    { stored: both, fields: { 'last-modified': httpDate(-9) }, selected: true },
    { stored: both, fields: { 'last-modified': httpDate(-8) }, selected: false },
    { stored: both, fields: { etag: '"a"', 'last-modified': httpDate(-8) }, selected: true },
    { stored: both, fields: {}, selected: true },
    { stored: { ...both, etag: undefined }, fields: { etag: '"a"' }, selected: true },
  ])('$stored by $fields: $selected', ({ stored, fields, selected }) => {
    expect(isSelectedBy(stored, notModified(fields).fields)).toBe(selected);
  });
});

describe('a stored response after a 304 (RFC 9111 §3.2)', () => {
  function fieldsAfter(fields: Record<string, string>): Record<string, string> {
    const kept: Record<string, string> = {};
    const flat = freshen(STORED, notModified(fields), context).fields;
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] as string;
      kept[name] = kept[name] === undefined ? (flat[i + 1] as string) : `${kept[name]}, ${flat[i + 1]}`;
    }
    return kept;
  }

  test('keeps what the 304 does not say', () => {
    expect(fieldsAfter({})).toEqual({
      date: httpDate(100),
      etag: '"a"',
      'cache-control': 'max-age=60',
      'content-type': 'text/html',
      'content-encoding': 'gzip',
      'content-digest': 'sha-256=:BBBB:',
      link: '</a>, </b>',
      'x-test': 'old',
    });
  });

  test.each([
    { name: 'x-test', value: 'new' },
    { name: 'x-other', value: 'new' },
    { name: 'cache-control', value: 'max-age=3600' },
    { name: 'content-type', value: 'text/plain' },
    { name: 'link', value: '</c>' },
    { name: 'expires', value: httpDate(500) },
  ])('takes $name', ({ name, value }) => {
    expect(fieldsAfter({ [name]: value })[name]).toBe(value);
  });

  test.each([
    { name: 'content-length', value: '10', kept: undefined },
    { name: 'content-encoding', value: 'br', kept: 'gzip' },
    { name: 'content-range', value: 'bytes 0-1/2', kept: undefined },
    { name: 'content-digest', value: 'sha-256=:AAAA:', kept: 'sha-256=:BBBB:' },
    { name: 'content-md5', value: 'x', kept: undefined },
    { name: 'repr-digest', value: 'x', kept: undefined },
    { name: 'digest', value: 'x', kept: undefined },
    { name: 'transfer-encoding', value: 'chunked', kept: undefined },
    { name: 'connection', value: 'x-test', kept: undefined },
    { name: 'age', value: '5', kept: undefined },
    { name: 'etag', value: 'W/"a"', kept: '"a"' },
  ])('does not take $name', ({ name, value, kept }) => {
    expect(fieldsAfter({ [name]: value })[name]).toBe(kept);
  });

  test('does not take what Connection of the 304 names', () => {
    expect(fieldsAfter({ connection: 'x-test', 'x-test': 'new' })['x-test']).toBe('old');
  });

  test('does not take accept-ranges where we may have compressed it', () => {
    expect(fieldsAfter({ 'accept-ranges': 'bytes' })['accept-ranges']).toBeUndefined();
    const plain = storedOf({ fields: ['content-type', 'text/html'] });
    expect(freshen(plain, notModified({ 'accept-ranges': 'bytes' }), context).fields).toContain('accept-ranges');
  });

  test.each([
    { before: ['vary', 'Accept-Encoding'], vary: 'Origin', after: ['Origin', 'Accept-Encoding'] },
    { before: ['vary', 'Accept-Encoding'], vary: 'Origin, accept-encoding', after: ['Origin, accept-encoding'] },
    { before: ['vary', 'Accept'], vary: 'Origin', after: ['Origin'] },
    { before: [], vary: 'Origin', after: ['Origin'] },
  ])('that had $before varies by $after after $vary', ({ before, vary, after }) => {
    const { fields } = freshen(storedOf({ fields: before }), notModified({ vary }), context);
    expect(fields.filter((_, index) => fields[index - 1] === 'vary')).toEqual(after);
  });

  test('is dated anew by a 304 without a Date', () => {
    expect(fieldsAfter({ date: 'x' }).date).toBe(httpDate(100));
  });

  test('is fresh anew, from the time of the 304', () => {
    const { decision } = freshen(STORED, notModified({ age: '5' }), context);
    expect(decision).toMatchObject({
      store: true,
      stored: { responseTime: LATER, initialAge: 5 * SECOND, lifetime: 60 * SECOND, status: 200, etag: '"a"' },
    });
  });

  test.each([
    { fields: { 'cache-control': 'no-store' }, reason: 'no-store' },
    { fields: { 'cache-control': 'private' }, reason: 'private' },
    { fields: { vary: '*' }, reason: 'vary-star' },
    { fields: { 'set-cookie': 'a=b' }, reason: 'set-cookie' },
  ])('answers its client with $fields, but is not stored: $reason', ({ fields, reason }) => {
    const freshened = freshen(STORED, notModified(fields as Record<string, string>), context);
    expect(freshened.decision).toMatchObject({ store: false, reason });
    expect(freshened.fields).toEqual(expect.arrayContaining(Object.entries(fields).flat()));
  });

  test('is not stored when only an authorised client was told so', () => {
    const request = requestOf({ authorization: 'Basic x' });
    const { decision } = freshen(STORED, notModified({}), { ...context, request });
    expect(decision).toMatchObject({ store: false, reason: 'authorization' });
  });

  test('is stored without a cookie where cookies are taken out', () => {
    const rules = rulesOf({ setCookie: 'strip' });
    const { decision } = freshen(STORED, notModified({ 'set-cookie': 'a=b' }), { ...context, rules });
    expect(decision.store && decision.stored.fields).not.toContain('set-cookie');
  });

  test('stays a part', () => {
    const part = { ...STORED, status: 206, part: { first: 0, complete: 100 } };
    expect(freshen(part, notModified({}), context).decision).toMatchObject({ store: true, stored: { status: 206 } });
  });
});

describe('a stored response after a HEAD (RFC 9111 §4.3.5)', () => {
  const request = requestOf({}, 'HEAD');
  test.each([
    { name: 'the same', fields: { etag: '"a"', 'content-length': '36' }, kind: 'freshened' },
    { name: 'nothing to compare', fields: {}, kind: 'freshened' },
    { name: 'another tag', fields: { etag: '"b"' }, kind: 'outdated' },
    { name: 'another date', fields: { 'last-modified': httpDate(0) }, kind: 'outdated' },
    { name: 'another length', fields: { 'content-length': '37' }, kind: 'outdated' },
    { name: 'another status', fields: { etag: '"a"' }, status: 410, kind: 'none' },
  ])('$name: $kind', ({ fields, status = 200, kind }) => {
    const response = responseOf(fields as Record<string, string>, status);
    expect(updateByHead(STORED, 36, response, { ...context, request }).kind).toBe(kind);
  });

  test('is not compared by length where the stored one is ours', () => {
    const response = responseOf({ 'content-length': '37' });
    expect(updateByHead(STORED, undefined, response, { ...context, request }).kind).toBe('freshened');
  });

  test('takes its fields and its freshness', () => {
    const response = responseOf({ date: httpDate(100), 'x-test': 'new', 'cache-control': 'max-age=1000' });
    const update = updateByHead(STORED, 36, response, { ...context, request });
    expect(update).toMatchObject({
      decision: { store: true, stored: { lifetime: 1000 * SECOND, responseTime: LATER } },
    });
    expect(update.kind === 'freshened' && update.decision.store && update.decision.stored.fields).toContain('new');
  });
});
