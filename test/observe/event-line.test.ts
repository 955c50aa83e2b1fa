import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { eventLine } from '../../src/observe/event-line.ts';

const TIME = new Date(2026, 10, 20, 21, 5, 0, 7);

describe('an event on a terminal', () => {
  test('is a time, a level, a sentence and what is known', () => {
    expect(eventLine(TIME, 'warn', 'worker died, replaced', { worker: 2, code: 'ENOENT' }, false)).toBe(
      '21:05:00.007 WARN  worker died, replaced worker=2 code=ENOENT\n',
    );
  });

  test('is the same text in colours', () => {
    const fields = { worker: 2 };
    const coloured = eventLine(TIME, 'error', 'worker died', fields, true);
    expect(coloured).toContain('\x1b[');
    expect(stripVTControlCharacters(coloured)).toBe(eventLine(TIME, 'error', 'worker died', fields, false));
  });

  test.each([
    { name: 'quotes a text with spaces', value: 'no such file', expected: '"no such file"' },
    { name: 'quotes no text at all', value: '', expected: '""' },
    { name: 'leaves an address alone', value: '[2001:db8::1]:443', expected: '[2001:db8::1]:443' },
    { name: 'writes lists and objects as JSON', value: { a: [1, null] }, expected: '{"a":[1,null]}' },
    { name: 'keeps a line feed inside', value: 'a\nb', expected: '"a\\nb"' },
    { name: 'disarms escape sequences', value: '\x1b[2J\x9b2J\x7f', expected: '"\\u001b[2J\\u{9b}2J\\u{7f}"' },
    { name: 'disarms what turns the direction of writing', value: '\u202eevil', expected: '"\\u{202e}evil"' },
  ])('$name', ({ value, expected }) => {
    expect(eventLine(TIME, 'info', 'x', { value }, false)).toBe(`21:05:00.007 INFO  x value=${expected}\n`);
  });
});
