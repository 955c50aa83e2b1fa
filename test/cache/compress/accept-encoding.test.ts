import { describe, expect, test } from 'vitest';
import {
  isAcceptable,
  normalisedAcceptEncoding,
  preferredCoding,
} from '../../../src/cache/compress/accept-encoding.ts';

const ALL = ['zstd', 'br', 'gzip'] as const;

describe('the coding for a client (RFC 9110 §12.5.3)', () => {
  test.each([
    { value: undefined, offered: ALL, coding: 'identity' },
    { value: '', offered: ALL, coding: 'identity' },
    { value: 'gzip', offered: ALL, coding: 'gzip' },
    { value: 'gzip, deflate', offered: ALL, coding: 'gzip' },
    { value: 'gzip, deflate, br', offered: ALL, coding: 'br' },
    { value: 'gzip, deflate, br, zstd', offered: ALL, coding: 'zstd' },
    { value: 'GZip ,\tBR', offered: ALL, coding: 'br' },
    { value: 'gzip, br', offered: ['gzip', 'br'] as const, coding: 'gzip' },
    { value: 'gzip, br', offered: ['zstd'] as const, coding: 'identity' },
    { value: 'gzip, br', offered: [], coding: 'identity' },
    { value: 'gzip;q=1.0, br;q=0.8', offered: ALL, coding: 'gzip' },
    { value: 'gzip;q=0.001', offered: ALL, coding: 'gzip' },
    { value: 'zstd;q=0, gzip;q=0.5', offered: ALL, coding: 'gzip' },
    { value: 'gzip;q=0', offered: ALL, coding: 'identity' },
    { value: 'x-gzip', offered: ALL, coding: 'gzip' },
    { value: '*', offered: ALL, coding: 'zstd' },
    { value: '*;q=0.5, gzip', offered: ALL, coding: 'gzip' },
    { value: 'zstd;q=0, *', offered: ALL, coding: 'br' },
    { value: '*;q=0', offered: ALL, coding: 'identity' },
    { value: 'gzip;q=0.5, identity', offered: ALL, coding: 'identity' },
    { value: 'gzip, identity', offered: ALL, coding: 'gzip' },
    { value: 'gzip;q=0.5, identity;q=0', offered: ALL, coding: 'gzip' },
    { value: 'identity;q=0', offered: ALL, coding: 'identity' },
    { value: 'deflate, compress', offered: ALL, coding: 'identity' },
    { value: 'gzip;q=2', offered: ALL, coding: 'identity' },
    { value: 'gzipped', offered: ALL, coding: 'identity' },
  ])('that sends $value and may have $offered: $coding', ({ value, offered, coding }) => {
    expect(preferredCoding(value, offered)).toBe(coding);
    expect(preferredCoding(value, offered)).toBe(coding);
    if (offered.length > 0) expect(normalisedAcceptEncoding(value, offered)).toBe(coding);
  });
});

describe('what an origin is shown, where the site itself does not compress', () => {
  test.each([
    { value: undefined, shown: 'identity' },
    { value: '', shown: 'identity' },
    { value: 'deflate', shown: 'identity' },
    { value: 'deflate, gzip', shown: 'gzip' },
    { value: 'zstd, br;q=0.9, GZIP;q=0.1, dcb', shown: 'gzip, br, zstd' },
    { value: 'gzip, br;q=0', shown: 'gzip' },
    { value: '*', shown: 'gzip, br, zstd' },
    { value: '*;q=0.1, zstd;q=0', shown: 'gzip, br' },
  ])('of $value: $shown', ({ value, shown }) => expect(normalisedAcceptEncoding(value, [])).toBe(shown));
});

describe('a stored coding', () => {
  test.each([
    { stored: undefined, value: undefined, acceptable: true },
    { stored: '', value: undefined, acceptable: true },
    { stored: 'identity', value: 'gzip', acceptable: true },
    { stored: 'gzip', value: undefined, acceptable: false },
    { stored: 'gzip', value: 'br, GZIP', acceptable: true },
    { stored: 'x-gzip', value: 'gzip', acceptable: true },
    { stored: 'gzip', value: 'gzip;q=0, *', acceptable: false },
    { stored: 'deflate', value: '*', acceptable: true },
    { stored: 'gzip, br', value: 'gzip', acceptable: false },
    { stored: 'gzip, br', value: 'gzip, br', acceptable: true },
  ])('$stored is acceptable to who sends $value: $acceptable', ({ stored, value, acceptable }) => {
    expect(isAcceptable(stored, value)).toBe(acceptable);
  });
});
