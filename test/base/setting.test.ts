import { describe, expect, test } from 'vitest';
import { cidr, duration, integer, percent, show, size, text } from '../../src/base/setting.ts';

describe('a setting', () => {
  test('is in milliseconds, bytes and fractions once read', () => {
    expect(duration().parse('30s')).toBe(30_000);
    expect(duration().parse(0)).toBe(0);
    expect(size().parse('64KiB')).toBe(65_536);
    expect(percent().parse('20%')).toBe(0.2);
  });

  test.each([
    {
      name: 'a time without its unit',
      schema: duration(),
      input: 30,
      wanted: 'a time such as 250ms, 30s, 5m, 2h or 1d',
    },
    {
      name: 'a time beyond its bounds',
      schema: duration({ min: '1s', max: '1h' }),
      input: '2h',
      wanted: 'a time such as 250ms, 30s, 5m, 2h or 1d, at least 1s and at most 1h',
    },
    { name: 'no size', schema: size(), input: true, wanted: 'a size such as 512B, 64KiB, 10MiB or 1GiB' },
    { name: 'too large a share', schema: percent(), input: '120%', wanted: 'a share from 0% to 100%' },
    { name: 'too small a number', schema: integer(1, 256), input: 0, wanted: '1 to 256' },
    { name: 'a broken number', schema: integer(1, 256), input: 1.5, wanted: 'a whole number from 1 to 256' },
    { name: 'no number', schema: integer(1, 256), input: '7', wanted: 'a whole number from 1 to 256' },
    { name: 'no network', schema: cidr(), input: '10.0.0.0/33', wanted: 'an address or a network such as 10.0.0.0/8' },
    { name: 'text of another form', schema: text('a b', (input) => input === 'b', /b/), input: 'c', wanted: 'a b' },
    { name: 'a list for text', schema: text('a b', (input) => input === 'b', /b/), input: ['b'], wanted: 'a b' },
  ])('tells of $name what was expected', ({ schema, input, wanted }) => {
    expect(messages(schema.safeParse(input))).toEqual([`expected ${wanted}, got ${show(input)}`]);
  });

  test('cannot be declared with bounds that are none', () => {
    expect(() => duration({ min: '1 second' })).toThrow(TypeError);
  });
});

describe('a value in a message', () => {
  test.each([
    { value: undefined, shown: 'nothing' },
    { value: null, shown: 'nothing' },
    { value: 'a "b"\n', shown: '"a \\"b\\"\\n"' },
    { value: 0, shown: '0' },
    { value: Number.NaN, shown: 'NaN' },
    { value: false, shown: 'false' },
    { value: [], shown: 'an empty list' },
    { value: [1], shown: 'a list' },
    { value: {}, shown: 'a map' },
    { value: 'x'.repeat(1000), shown: `"${'x'.repeat(79)}…"` },
    { value: 'http://ops:s@cret@10.0.1.66:80', shown: '"http://***@10.0.1.66:80"' },
  ])('is shown as $shown', ({ value, shown }) => {
    expect(show(value)).toBe(shown);
  });
});

function messages(result: { error?: { issues: readonly { message: string }[] } | undefined }): string[] {
  return result.error?.issues.map(({ message }) => message) ?? [];
}
