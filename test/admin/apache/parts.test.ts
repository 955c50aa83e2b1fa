import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { statusText } from '../../../src/admin/apache/flags.ts';
import { isSameNonce, keptNonce } from '../../../src/admin/apache/nonce.ts';
import { shortSize } from '../../../src/admin/apache/short-size.ts';
import { tempDir } from '../../support/temp.ts';
import { NOW, originOf } from './small-operator.ts';

const ejected = { health: 'up', since: NOW, ejectedUntil: NOW + 1, warmth: 1 } as const;

describe('the status', () => {
  test.each([
    { given: {}, text: 'Init Ok ' },
    { given: { health: 'unknown' }, text: 'Init Ok ' },
    { given: { admin: 'maint' }, text: 'Init Dis ' },
    { given: { admin: 'drain' }, text: 'Init Drn Ok ' },
    { given: { admin: 'stopped' }, text: 'Init Stop ' },
    { given: { admin: 'maint', effective: 'removing' }, text: 'Init Shut ' },
    { given: { role: 'standby' }, text: 'Init Stby Ok ' },
    { given: { role: 'spare' }, text: 'Init Spar Ok ' },
    { given: { health: 'down' }, text: 'Init Err ' },
    { given: { health: 'down', admin: 'drain', role: 'spare' }, text: 'Init Drn Err Spar ' },
    { given: { health: 'forced_down' }, text: 'Init HcFl ' },
    { given: { health: 'checking' }, text: 'Init ' },
    { given: { observed: ejected }, text: 'Init Err ' },
    { given: { observed: ejected, ignoreErrors: true }, text: 'Init Ign Ok ' },
    { given: { admin: 'maint', role: 'standby', ignoreErrors: true }, text: 'Init Ign Dis Stby ' },
  ] as const)('of $given is $text', ({ given, text }) => {
    expect(statusText(originOf('p', { url: 'http://h', ...given }))).toBe(text);
  });
});

test.each([
  [0, '  0 '],
  [272, '272 '],
  [972, '972 '],
  [973, '1.0K'],
  [1584, '1.5K'],
  [10_000, '9.8K'],
  [10_240, ' 10K'],
  [996_000, '973K'],
  [997_000, '1.0M'],
  [5 * 1024 ** 2, '5.0M'],
  [700 * 1024 ** 3, '700G'],
])('%i bytes are "%s"', (bytes, text) => {
  expect(shortSize(bytes)).toBe(text);
});

describe('the nonce', () => {
  test('is a UUID that is kept, for nobody else to read', async () => {
    const directory = join(await tempDir(), 'state');
    const nonce = keptNonce(directory);
    expect(nonce).toMatch(/^[-a-f0-9]{36}$/);
    expect(keptNonce(directory)).toBe(nonce);
    expect(statSync(join(directory, 'balancer-manager-nonce')).mode & 0o777).toBe(0o600);
  });

  test('is made anew where what is kept is none', async () => {
    const directory = join(await tempDir(), 'state');
    mkdirSync(directory);
    const file = join(directory, 'balancer-manager-nonce');
    writeFileSync(file, 'None\n');
    const nonce = keptNonce(directory);
    expect(nonce).toHaveLength(36);
    expect(readFileSync(file, 'utf8')).toBe(`${nonce}\n`);
  });

  test('is held against what comes, of any length', () => {
    expect(isSameNonce('abc', 'abc')).toBe(true);
    expect(isSameNonce('abd', 'abc')).toBe(false);
    expect(isSameNonce('', 'abc')).toBe(false);
    expect(isSameNonce('ä', 'ab')).toBe(false);
  });
});
