// biome-ignore-all lint/suspicious/noTemplateCurlyInString: definitions of keepalived look like that
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { substitute } from '../../../src/config/variables.ts';
import { type Yaml, yamlOf } from '../../../src/vrrp/import/yaml.ts';

describe('plain data as YAML', () => {
  test.each([
    'plain',
    '/usr/bin/true',
    '-x',
    '',
    ' ',
    '0',
    '1.5',
    '0x10',
    '1e3',
    'null',
    'No',
    'yes',
    '~',
    'a: b',
    'a #b',
    '#a',
    "it's",
    '"quoted"',
    'back\\slash',
    '[a]',
    '{a}',
    '&a *b !c',
    '%d',
    '@a',
    '`a`',
    '? a',
    '- a',
    'line\nfeed\ttab',
    '\u0000\u0007\u007f\u0085\u2028\ufeff',
    'ünïcödé 😀',
    '${HOME}',
    '$${HOME}',
    '$HOME ${',
    '10.0.0.1/24',
    'fe80::1/64',
    '12:30:45',
    '2026-11-21',
    '.inf',
    '=',
    '<<',
  ])('has %j as it is', (text) => {
    const value = { text, list: [text, 1], maps: [{ text }] };
    const read: { text: string } = parse(yamlOf(value));
    expect(withVariables(read)).toEqual(value);
  });

  test.each<{ value: Yaml; yaml: string }>([
    { value: { a: 1, b: true, c: undefined as unknown as Yaml }, yaml: 'a: 1\nb: true\n' },
    { value: { a: { b: { c: 'd' } } }, yaml: 'a:\n  b:\n    c: d\n' },
    { value: { a: [] }, yaml: 'a: []\n' },
    { value: { a: ['b', 2] }, yaml: 'a: [b, 2]\n' },
    { value: { a: [{ b: 1, c: [{ d: 2 }] }, { b: 3 }] }, yaml: 'a:\n  - b: 1\n    c:\n      - d: 2\n  - b: 3\n' },
  ])('is readable: $yaml', ({ value, yaml }) => {
    expect(yamlOf(value)).toBe(yaml);
  });

  test('has a list below its key where the line would be long', () => {
    const list = Array.from({ length: 20 }, (_, index) => `192.0.2.${index}/32`);
    const yaml = yamlOf({ list });
    expect(Math.max(...yaml.split('\n').map((line) => line.length))).toBeLessThan(40);
    expect(parse(yaml)).toEqual({ list });
  });

  test('has comments above maps of a list', () => {
    const map = { a: 1, b: 2 };
    expect(yamlOf({ list: [map] }, new Map([[map, 'here']]))).toBe('list:\n  # here\n  - a: 1\n    b: 2\n');
  });
});

/** As the configuration is read: `$${` is `${`. */
function withVariables(value: unknown): unknown {
  if (typeof value === 'string') return substitute(value, {}).text;
  if (Array.isArray(value)) return value.map(withVariables);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withVariables(item)]));
}
