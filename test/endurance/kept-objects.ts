import type { Bytes } from '../../src/base/units.ts';

/** Objects that are on disk before a start: what they are follows from their number. */

export const HOST = 'www.example.com';
const LENGTH: Bytes = 1024;

export function pathOfKept(number: number): string {
  return `/articles/2026/${number % 1000}/article-${number}.html`;
}

export function bodyOfKept(number: number): Buffer {
  return Buffer.alloc(LENGTH, `article ${number} `);
}
