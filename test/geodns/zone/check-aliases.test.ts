import { describe, expect, test } from 'vitest';
import { checkZones } from '../../../src/geodns/check-zones.ts';
import type { ZoneSettings } from '../../../src/geodns/config.ts';
import { settingsOf } from '../plan/settings.ts';

const HEAD = '$TTL 60\n@ SOA ns.other. root.other. 7 1h 15m 1w 30\n@ NS ns.other.\n';

/** What is told of zones, by name, whose files are called as they are: errors and warnings as lines. */
function told(texts: Record<string, string>) {
  const zones = settingsOf({ zones: Object.keys(texts).map((name) => ({ name, file: name })) }).zones;
  const found = [...checkZones(zones as ZoneSettings[], (file) => HEAD + texts[file])];
  const lines = (severity: 'warning' | undefined) =>
    found.filter((each) => each.severity === severity).map(({ elsewhere, message }) => `${elsewhere}: ${message}`);
  return { problems: lines(undefined), warnings: lines('warning') };
}

describe('aliases', () => {
  test.each([
    { name: 'itself', text: 'a CNAME A', problem: 'example:4: a.example. CNAME: leads back to itself' },
    {
      name: 'one another',
      text: 'a CNAME b\nb CNAME a',
      problem: 'example:4: a.example. CNAME: leads back to itself by b.example.',
    },
    {
      name: 'some that do',
      text: 'x CNAME a\na CNAME b\nb CNAME c\nc CNAME a\ny CNAME b',
      problem: 'example:5: a.example. CNAME: leads back to itself by b.example., c.example.',
    },
    {
      name: 'a name that only their wildcard has',
      text: '* CNAME a',
      problem: 'example:4: *.example. CNAME: leads back to itself',
    },
    {
      name: 'a DNAME that leads to themselves',
      text: 'a CNAME b.c\nc DNAME d\nb.d CNAME a',
      problem: 'example:4: a.example. CNAME: leads back to itself by b.d.example.',
    },
  ])('that lead to $name are refused', ({ text, problem }) => {
    expect(told({ example: text })).toEqual({ problems: [problem], warnings: [] });
  });

  test('that lead to one another through several zones are refused', () => {
    expect(told({ one: 'a CNAME b.two.', two: 'b CNAME c.sub.one.', 'sub.one': 'c CNAME a.one.' })).toEqual({
      problems: ['one:4: a.one. CNAME: leads back to itself by b.two., c.sub.one.'],
      warnings: [],
    });
  });

  test.each([
    { name: 'their own zone', texts: { one: 'a CNAME b' }, target: 'b.one.' },
    { name: 'another one of ours', texts: { one: 'a CNAME b.two.', two: '' }, target: 'b.two.' },
  ])('that lead nowhere in $name are told', ({ texts, target }) => {
    const warning = `one:4: a.one. CNAME: leads to ${target}, which does not exist`;
    expect(told(texts as Record<string, string>)).toEqual({ problems: [], warnings: [warning] });
  });

  test.each([
    { name: 'one that ends', text: 'a CNAME b\nb CNAME c\nc TXT d\nx CNAME b' },
    { name: 'what a wildcard has', text: 'a CNAME b.c\n*.c A 192.0.2.1' },
    { name: 'what only other names are below of', text: 'a CNAME b\nc.b A 192.0.2.1' },
    { name: 'what others answer for', text: 'a CNAME x.other.\nb CNAME x.cut\ncut NS ns.other.' },
    { name: 'DNAMEs that lead to one another', text: 'a CNAME x.b\nb DNAME c\nc DNAME b' },
    { name: 'a DNAME that leads below itself', text: 'a CNAME x.b\nb DNAME c.b' },
  ])('that lead to $name are as they should be', ({ text }) => {
    expect(told({ example: text })).toEqual({ problems: [], warnings: [] });
  });

  test('that a delegation hides are told as hidden alone', () => {
    expect(told({ example: 'cut NS ns.other.\na.cut CNAME a.cut' })).toEqual({
      problems: [],
      warnings: ['example:5: a.cut.example. CNAME: hidden by cut.example. NS at example:4'],
    });
  });

  test('of a long chain are looked at in no time', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `a${20_000 - i} CNAME a${19_999 - i}`);
    expect(told({ example: `${chain.join('\n')}\na0 A 192.0.2.1` })).toEqual({ problems: [], warnings: [] });
  });
});
