import { describe, expect, test } from 'vitest';
import type { CompressCoding } from '../../../src/cache/rules.ts';
import { isPreferredLanguageOf, variantKey, varyOf } from '../../../src/cache/select/vary.ts';
import { cacheRequest } from './request.ts';

interface Rules {
  readonly varyCookies?: readonly string[];
  readonly compress?: readonly CompressCoding[];
}

function key(vary: readonly string[], fields: string[], rules: Rules = {}) {
  return variantKey(vary, cacheRequest({ fields }), { varyCookies: [], compress: [], ...rules });
}

describe('the selecting fields of a response (RFC 9111 §4.1)', () => {
  test.each([
    { fields: [], vary: [] },
    { fields: ['vary', ''], vary: [] },
    { fields: ['vary', 'Foo'], vary: ['foo'] },
    { fields: ['vary', 'Foo,  Bar,foo'], vary: ['bar', 'foo'] },
    { fields: ['vary', 'Foo', 'x', '*', 'vary', 'Accept-Encoding'], vary: ['accept-encoding', 'foo'] },
    { fields: ['vary', '*'], vary: '*' },
    { fields: ['vary', '*, *'], vary: '*' },
    { fields: ['vary', ', *'], vary: '*' },
    { fields: ['vary', '', 'vary', '*'], vary: '*' },
    { fields: ['vary', 'Foo, *'], vary: '*' },
    { fields: ['vary', '*, Foo'], vary: '*' },
    { fields: ['vary', 'Accept-Encoding; User-Agent'], vary: '*' },
    { fields: ['vary', 'Accept Encoding'], vary: '*' },
  ])('of $fields are $vary', ({ fields, vary }) => expect(varyOf(fields)).toEqual(vary));
});

describe('two requests share a variant', () => {
  test.each([
    { name: 'without Vary', vary: [], a: ['foo', '1'], b: ['foo', '2'] },
    { name: 'with the same value', vary: ['foo'], a: ['Foo', '1', 'x', '2'], b: ['foo', '1', 'x', '3'] },
    { name: 'that both lack the field', vary: ['bar', 'foo'], a: ['foo', '1'], b: ['foo', '1', 'baz', '2'] },
    { name: 'whose fields were combined', vary: ['foo'], a: ['foo', '1, 2'], b: ['foo', '1', 'foo', '2'] },
    { name: 'that differ in space', vary: ['foo'], a: ['foo', '1,2'], b: ['foo', ' 1, 2 '] },
    {
      name: 'whose languages come in another order',
      vary: ['accept-language'],
      a: ['accept-language', 'en, de'],
      b: ['accept-language', 'de, en'],
    },
    {
      name: 'whose languages differ in case',
      vary: ['accept-language'],
      a: ['accept-language', 'en, de'],
      b: ['accept-language', 'eN, De'],
    },
    {
      name: 'whose languages differ in space',
      vary: ['accept-language'],
      a: ['accept-language', 'en, de;q=0.5'],
      b: ['accept-language', ' en ,   de ; q=0.5'],
    },
    {
      name: 'whose languages have other weights in the same order',
      vary: ['accept-language'],
      a: ['accept-language', 'en-us,en;q=0.5'],
      b: ['accept-language', 'en;q=0.9,en-US'],
    },
    {
      name: 'whose codings come in another order',
      vary: ['accept-encoding'],
      a: ['accept-encoding', 'gzip, deflate, br'],
      b: ['accept-encoding', 'br;q=0.5,gzip'],
    },
    { name: 'that take no coding', vary: ['accept-encoding'], a: [], b: ['accept-encoding', 'identity, gzip;q=0'] },
    {
      name: 'whose media types come in another order',
      vary: ['accept'],
      a: ['accept', 'text/html, */*;q=0.1'],
      b: ['accept', '*/* ; q=0.1,text/html'],
    },
  ])('$name', ({ vary, a, b }) => expect(key(vary, a)).toBe(key(vary, b)));
});

describe('two requests are of different variants', () => {
  test.each([
    { name: 'with other values', vary: ['foo'], a: ['foo', '1'], b: ['foo', '2'] },
    { name: 'that differ in case', vary: ['foo'], a: ['foo', 'a'], b: ['foo', 'A'] },
    { name: 'where one lacks the field', vary: ['foo'], a: ['foo', '1'], b: [] },
    { name: 'where one has it empty', vary: ['foo'], a: ['foo', ''], b: [] },
    {
      name: 'whose values stand in each other’s field',
      vary: ['bar', 'foo'],
      a: ['bar', '1', 'foo', ''],
      b: ['bar', '', 'foo', '1'],
    },
    { name: 'where one value looks like two', vary: ['bar', 'foo'], a: ['bar', '1'], b: ['foo', '1'] },
    { name: 'that differ in space within quotes', vary: ['foo'], a: ['foo', '"1,2"'], b: ['foo', '"1, 2"'] },
    {
      name: 'that list the same in another order, of which we do not know that it does not count',
      vary: ['foo'],
      a: ['foo', '1, 2'],
      b: ['foo', '2, 1'],
    },
    { name: 'whose values end in half a letter', vary: ['foo'], a: ['foo', 'x\xc3\xa0'], b: ['foo', 'x\xc3'] },
    {
      name: 'that like another language better',
      vary: ['accept-language'],
      a: ['accept-language', 'en, de;q=0.5'],
      b: ['accept-language', 'de, en;q=0.5'],
    },
    {
      name: 'of which one refuses a language',
      vary: ['accept-language'],
      a: ['accept-language', 'en, de;q=0'],
      b: ['accept-language', 'en, de;q=0.1'],
    },
    {
      name: 'of which one does not take a coding',
      vary: ['accept-encoding'],
      a: ['accept-encoding', 'gzip, br'],
      b: ['accept-encoding', 'gzip'],
    },
    {
      name: 'with other media types',
      vary: ['accept'],
      a: ['accept', 'text/html'],
      b: ['accept', 'text/html;level=1'],
    },
    { name: 'with another cookie', vary: ['cookie'], a: ['cookie', 'a=1; b=2'], b: ['cookie', 'a=1'] },
  ])('$name', ({ vary, a, b }) => expect(key(vary, a)).not.toBe(key(vary, b)));
});

describe('of cookies', () => {
  const rules = { varyCookies: ['theme', 'lang'] };
  test.each([
    { name: 'others do not count', a: 'sid=1; theme=dark', b: 'theme=dark;sid=2', same: true },
    { name: 'the order does not count', a: 'lang=en; theme=dark', b: 'theme=dark; lang=en', same: true },
    { name: 'the named ones count', a: 'theme=dark', b: 'theme=light', same: false },
    { name: 'one that is empty is there', a: 'theme=', b: 'sid=1', same: false },
    { name: 'names are whole', a: 'xtheme=1; themes=2', b: 'sid=1', same: true },
    { name: 'and case is not the same', a: 'Theme=1', b: 'sid=1', same: true },
  ])('$name', ({ a, b, same }) => {
    expect(key(['cookie'], ['cookie', a], rules) === key(['cookie'], ['cookie', b], rules)).toBe(same);
  });

  test('none that count are as good as none at all', () => {
    expect(key(['cookie'], ['cookie', 'sid=1'], rules)).toBe(key(['cookie'], [], rules));
  });
});

test('on a site that compresses, only the coding that a client is sent counts', () => {
  const rules = { compress: ['zstd', 'br', 'gzip'] } as const;
  const of = (value: string) => key(['accept-encoding'], ['accept-encoding', value], rules);
  expect(of('gzip, deflate, br, zstd')).toBe(of('zstd'));
  expect(of('gzip, br')).toBe(of('br'));
  expect(of('deflate')).toBe(of(''));
  expect(new Set([of('zstd'), of('br'), of('gzip'), of('')]).size).toBe(4);
});

describe('a response in the language that a client likes best', () => {
  const vary = ['accept-language', 'foo'];
  function reusable(contentLanguage: string | undefined, had: string[], has: string[]) {
    const fields = contentLanguage === undefined ? [] : ['content-language', contentLanguage];
    return isPreferredLanguageOf(
      { vary, variant: key(vary, had), fields },
      key(vary, has),
      cacheRequest({ fields: has }),
    );
  }

  test.each([
    { name: 'serves it, whatever it was asked for by', language: 'de', has: 'fr;q=0.5, de;q=1.0', reused: true },
    { name: 'in any case', language: 'pt-BR', has: 'pt-br, en;q=0.1', reused: true },
    { name: 'or one of those that it likes best', language: 'de', has: 'fr, de', reused: true },
    { name: 'but not the second best', language: 'de', has: 'fr, de;q=0.9', reused: false },
    { name: 'nor what is only near to it', language: 'en', has: 'en-GB', reused: false },
    { name: 'nor one of many', language: 'de, fr', has: 'de', reused: false },
    { name: 'nor one that it refuses', language: 'de', has: 'de;q=0', reused: false },
    { name: 'nor one that does not say', language: undefined, has: 'de', reused: false },
  ])('$name', ({ language, has, reused }) => {
    expect(reusable(language, ['accept-language', 'en, de'], ['accept-language', has])).toBe(reused);
  });

  test('is not for who differs in something else, or names no language', () => {
    expect(reusable('de', ['accept-language', 'en', 'foo', '1'], ['accept-language', 'de', 'foo', '2'])).toBe(false);
    expect(reusable('de', ['accept-language', 'en'], [])).toBe(false);
    const stored = { vary: ['foo'], variant: '=1', fields: ['content-language', 'de'] };
    expect(isPreferredLanguageOf(stored, '=2', cacheRequest({ fields: ['accept-language', 'de'] }))).toBe(false);
  });
});
