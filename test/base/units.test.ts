import { describe, expect, test } from 'vitest';
import { parseDuration, parsePercent, parseSize } from '../../src/base/units.ts';

describe('a duration', () => {
  test.each([
    { text: '250ms', ms: 250 },
    { text: '30s', ms: 30_000 },
    { text: '1.5m', ms: 90_000 },
    { text: '2h', ms: 7_200_000 },
    { text: '1d', ms: 86_400_000 },
    { text: '1w', ms: 604_800_000 },
    { text: '0', ms: 0 },
    { text: '0s', ms: 0 },
    { text: '0.4ms', ms: 0 },
  ])('$text is $ms ms', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '30', 's', '-1s', '1 s', ' 1s', '1s ', '1S', '1m30s', '.5s', '1.s', '1e3s', '٣s', '1s\n'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('a size', () => {
  test.each([
    { text: '512B', bytes: 512 },
    { text: '64KiB', bytes: 65_536 },
    { text: '1.5MiB', bytes: 1_572_864 },
    { text: '10GiB', bytes: 10_737_418_240 },
    { text: '1TiB', bytes: 1_099_511_627_776 },
    { text: '0', bytes: 0 },
  ])('$text is $bytes bytes', ({ text, bytes }) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '64', '64KB', '64k', '64kib', '-1B', '1 KiB', 'KiB'])('%j is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('a share', () => {
  test.each([
    { text: '0%', share: 0 },
    { text: '20%', share: 0.2 },
    { text: '12.5%', share: 0.125 },
    { text: '100%', share: 1 },
  ])('$text is $share', ({ text, share }) => {
    expect(parsePercent(text)).toBe(share);
  });

  test.each(['', '20', '0.2', '-1%', '100.1%', '120%', '% 20', '20 %'])('%j is none', (text) => {
    expect(parsePercent(text)).toBeUndefined();
  });
});
