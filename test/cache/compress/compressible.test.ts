import { describe, expect, test } from 'vitest';
import { isCompressible, isCompressibleType } from '../../../src/cache/compress/compressible.ts';

describe('a media type', () => {
  test.each([
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'application/json',
    'application/ld+json;profile=x',
    'image/svg+xml',
    'application/javascript',
    'application/wasm',
    'font/ttf',
    'application/atom+xml',
  ])('%s gains by compression', (type) => expect(isCompressibleType(type)).toBe(true));

  test.each([
    undefined,
    '',
    'image/png',
    'font/woff2',
    'video/mp4',
    'application/zip',
    'application/octet-stream',
    'text/event-stream',
    'multipart/byteranges',
    'texts/html',
    'application/jsonx',
  ])('%s does not', (type) => expect(isCompressibleType(type)).toBe(false));
});

describe('a response', () => {
  const html = ['content-type', 'text/html'];
  test.each([
    { name: 'of HTML is compressed', status: 200, fields: html, length: 1000, expected: true },
    { name: 'of unknown length is, too', status: 200, fields: html, length: undefined, expected: true },
    { name: 'of 512 bytes is', status: 200, fields: html, length: 512, expected: true },
    { name: 'of fewer is not', status: 200, fields: html, length: 511, expected: false },
    { name: 'other than 200 is not', status: 404, fields: html, length: 1000, expected: false },
    {
      name: 'that is a part is not',
      status: 206,
      fields: [...html, 'content-range', 'bytes 0-999/2000'],
      length: 1000,
      expected: false,
    },
    {
      name: 'with a coding is not',
      status: 200,
      fields: [...html, 'content-encoding', 'gzip'],
      length: 1000,
      expected: false,
    },
    {
      name: 'with the coding that is none is',
      status: 200,
      fields: [...html, 'content-encoding', 'Identity'],
      length: 1000,
      expected: true,
    },
    {
      name: 'that may not be transformed is not',
      status: 200,
      fields: [...html, 'cache-control', 'public, No-Transform'],
      length: 1000,
      expected: false,
    },
    {
      name: 'that may be stored long is',
      status: 200,
      fields: [...html, 'cache-control', 'max-age=100'],
      length: 1000,
      expected: true,
    },
    { name: 'without a type is not', status: 200, fields: [], length: 1000, expected: false },
  ])('$name', ({ status, fields, length, expected }) =>
    expect(isCompressible({ status, fields }, length)).toBe(expected),
  );
});
