import { describe, expect, test } from 'vitest';
import { LocalTier } from '../../src/cache/local-tier.ts';
import { CachedObject } from '../../src/cache/object.ts';
import { storedResponse } from './conditional/stored.ts';
import { queryOf } from './shared.ts';

const VARY = ['accept-language'];

describe('what a thread has decoded', () => {
  test('is found by its key and by what selects it', () => {
    const tier = new LocalTier(1_000_000);
    const [english, french] = [objectFor('/', 'en'), objectFor('/', 'fr')];
    tier.add(english);
    tier.add(french);
    expect(tier.find(queryIn('en'))).toBe(english);
    expect(tier.find(queryIn('fr'))).toBe(french);
    expect(tier.find(queryIn('de'))).toBeUndefined();
    expect(tier.find(queryOf({ target: '/other' }))).toBeUndefined();
  });

  test('takes the place of what was there of the same variant', () => {
    const tier = new LocalTier(1_000_000);
    const newer = objectFor('/', 'en');
    tier.add(objectFor('/', 'en'));
    tier.add(newer);
    expect(tier.find(queryIn('en'))).toBe(newer);
  });

  test('is forgotten with all variants', () => {
    const tier = new LocalTier(1_000_000);
    for (const language of ['en', 'fr']) tier.add(objectFor('/', language));
    tier.forget('https://www.example.com/');
    expect([tier.find(queryIn('en')), tier.find(queryIn('fr'))]).toEqual([undefined, undefined]);
  });

  test('is no more than eight variants of one key, the latest', () => {
    const tier = new LocalTier(1_000_000);
    const languages = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((letter) => `x${letter}`);
    for (const language of languages) tier.add(objectFor('/', language));
    expect(languages.filter((language) => tier.find(queryIn(language)) !== undefined)).toEqual(languages.slice(2));
  });

  test('makes room: bodies count', () => {
    const tier = new LocalTier(40_000);
    for (let i = 0; i < 20; i++) tier.add(objectFor(`/${i}`, undefined, Buffer.alloc(10_000)));
    const kept = Array.from({ length: 20 }, (_, i) => tier.find(queryOf({ target: `/${i}` }))).filter(Boolean);
    expect(kept).toHaveLength(3);
  });

  test('makes room: so do heads, by their fields', () => {
    const tier = new LocalTier(40_000.5);
    const fields = Array.from({ length: 20 }, (_, i) => `x-${i}`);
    for (let i = 0; i < 40; i++) tier.add(objectFor(`/${i}`, undefined, undefined, fields));
    const kept = Array.from({ length: 40 }, (_, i) => tier.find(queryOf({ target: `/${i}` }))).filter(Boolean);
    expect(kept).toHaveLength(19);
  });

  test('lets in what is found a second time soon, once there is not room for all', () => {
    const tier = new LocalTier(40_000);
    const hash = (low: number) => ({ high: low ^ 0x5555, low });
    expect([tier.isWorthKeeping(hash(1)), tier.isWorthKeeping(hash(2))]).toEqual([true, true]);
    for (let i = 0; i < 3; i++) tier.add(objectFor(`/${i}`, undefined, Buffer.alloc(11_000)));
    expect([tier.isWorthKeeping(hash(3)), tier.isWorthKeeping(hash(3))]).toEqual([false, true]);
    // As many others later as it remembers, nobody knows any more that it was there.
    for (let i = 10; i < 10 + 1024; i++) tier.isWorthKeeping(hash(i));
    expect(tier.isWorthKeeping(hash(3))).toBe(false);
  });
});

function queryIn(language: string) {
  return queryOf({ target: '/', fields: ['Accept-Language', language] });
}

function objectFor(
  target: string,
  language: string | undefined,
  body?: Buffer,
  fields: readonly string[] = [],
): CachedObject {
  const key = `https://www.example.com${target}`;
  const rest = language === undefined ? {} : { vary: VARY, variant: queryIn(language).variantOf(VARY) };
  return new CachedObject(storedResponse(fields, { key, ...rest }), 1, 1, body?.length ?? 0, body);
}
