import { describe, expect, test } from 'vitest';
import { eventFields } from '../../src/observe/event-fields.ts';

class Secretive {
  readonly password = 'hunter2';
}

const REFUSED = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:80'), {
  code: 'ECONNREFUSED',
  syscall: 'connect',
  headers: { authorization: 'Basic b3BzOmh1bnRlcjI=' },
});

describe('the fields of an event', () => {
  test.each([
    {
      name: 'plain values as they are',
      value: ['a', 1, true, null, { b: [2] }],
      expected: ['a', 1, true, null, { b: [2] }],
    },
    {
      name: 'numbers that JSON has not',
      value: [Number.NaN, Number.POSITIVE_INFINITY, 10n],
      expected: ['NaN', 'Infinity', '10'],
    },
    { name: 'a time', value: new Date(0), expected: '1970-01-01T00:00:00.000Z' },
    { name: 'no time', value: new Date(Number.NaN), expected: 'Invalid Date' },
    {
      name: 'the name alone of what may be big or secret',
      value: [new Secretive(), Buffer.from('key')],
      expected: ['[Secretive]', '[Buffer]'],
    },
    {
      name: 'of an error its code and message',
      value: REFUSED,
      expected: { code: 'ECONNREFUSED', message: REFUSED.message },
    },
    {
      name: 'of a cause the same',
      value: Object.assign(new Error('no answer', { cause: REFUSED }), { code: 'X' }),
      expected: { code: 'X', message: 'no answer', cause: { code: 'ECONNREFUSED', message: REFUSED.message } },
    },
    {
      name: 'a message for an error that has none but several inside',
      value: Object.assign(new AggregateError([REFUSED, new Error('unreachable')]), { code: 'ECONNREFUSED' }),
      expected: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:80; unreachable' },
    },
  ])('are $name', ({ value, expected }) => {
    expect(eventFields({ value })).toEqual({ value: expected });
  });

  test('leave out what is not there, functions and symbols', () => {
    expect(eventFields({ a: undefined, b: () => 1, c: Symbol('c') })).toEqual({});
  });

  test('say where an error without a code was thrown: that is a mistake of ours', () => {
    const { error } = eventFields({ error: new TypeError('x is not a function') }) as { error: { stack: string } };
    expect(error.stack).toContain(import.meta.filename);
  });

  test('end somewhere in a circle', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(eventFields({ circle, error }))).toContain('…');
  });

  test('never throw', () => {
    const trap = {
      get a(): string {
        throw new Error('trap');
      },
    };
    expect(eventFields(trap)).toEqual({ unreadable: 'Error: trap' });
  });

  test('can be posted to another thread', () => {
    const fields = eventFields({ error: REFUSED, secretive: new Secretive(), f: () => 1 });
    expect(structuredClone(fields)).toEqual(fields);
  });
});
