import { expect, test } from 'vitest';
import { cut, displayWidth } from '../../src/cli/table.ts';
import { plural, rate, size, span } from '../../src/cli/words.ts';

test.each([
  { ms: 0, text: '0 s' },
  { ms: 0.4, text: '1 ms' },
  { ms: 999, text: '999 ms' },
  { ms: 59_999, text: '59 s' },
  { ms: 60_000, text: '1 min' },
  { ms: 119_000, text: '1 min' },
  { ms: 3_600_000, text: '1 h' },
  { ms: 12_000_000, text: '3 h 20 min' },
  { ms: 86_400_000 + 3_599_000, text: '1 d' },
  { ms: 86_400_000 * 20 + 3_600_000 * 4, text: '20 d 4 h' },
])('$ms ms are $text', ({ ms, text }) => {
  expect(span(ms)).toBe(text);
});

test.each([
  { bytes: 0, text: '0 B' },
  { bytes: 1023, text: '1023 B' },
  { bytes: 1024, text: '1 KiB' },
  { bytes: 1536, text: '1.5 KiB' },
  { bytes: 125_829_120, text: '120 MiB' },
  { bytes: 5 * 1024 ** 5, text: '5120 TiB' },
])('$bytes bytes are $text', ({ bytes, text }) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  { value: 0, text: '0.0' },
  { value: 99.94, text: '99.9' },
  { value: 99.96, text: '100' },
  { value: 12_345.6, text: '12,346' },
])('$value a second are $text', ({ value, text }) => {
  expect(rate(value)).toBe(text);
});

test('one is not many', () => {
  expect([plural(1, 'worker'), plural(0, 'worker'), plural(1200, 'reply', 'replies')]).toEqual([
    '1 worker',
    '0 workers',
    '1,200 replies',
  ]);
});

test.each([
  { text: 'app1', width: 4 },
  { text: '部署', width: 4 },
  { text: 'e\u0301', width: 1 },
  { text: '🚀!', width: 3 },
])('$text takes $width columns', ({ text, width }) => {
  expect(displayWidth(text)).toBe(width);
});

test.each([
  { text: 'deploy 42', width: 9, kept: 'deploy 42' },
  { text: 'deploy 42', width: 8, kept: 'deploy…' },
  { text: '部署部署', width: 4, kept: '部…' },
  { text: 'deploy', width: 1, kept: '…' },
])('$text in $width columns is $kept', ({ text, width, kept }) => {
  expect(cut(text, width)).toBe(kept);
});
