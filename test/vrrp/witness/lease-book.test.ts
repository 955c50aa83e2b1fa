import { describe, expect, test } from 'vitest';
import { LeaseBook } from '../../../src/vrrp/witness/lease-book.ts';

const A = { run: 1n, name: 'a' };
const B = { run: 2n, name: 'b' };

describe('a vote', () => {
  test('is lent to one, until the lease has ended', () => {
    const book = new LeaseBook({ from: -3000 });
    expect(book.ask('front', A, 300, 0)).toEqual({ kind: 'granted', span: 300, isNew: true });
    expect(book.ask('front', B, 300, 299.9)).toMatchObject({ kind: 'denied', holder: A });
    expect(book.ask('front', B, 300, 300)).toEqual({ kind: 'granted', span: 300, isNew: true });
  });

  test('is renewed by its holder, and no renewal makes the lease shorter', () => {
    const book = new LeaseBook({ from: -3000 });
    book.ask('front', A, 300, 0);
    expect(book.ask('front', A, 300, 100)).toEqual({ kind: 'granted', span: 300, isNew: false });
    expect(book.ask('front', A, 10, 200)).toEqual({ kind: 'granted', span: 10, isNew: false });
    expect(book.lent('front', 200)).toEqual({ holder: A, remaining: 200 });
  });

  test('is given back by its holder alone', () => {
    const book = new LeaseBook({ from: -3000 });
    book.ask('front', A, 300, 0);
    expect(book.release('front', B.run, 1)).toBe(false);
    expect(book.ask('front', B, 300, 2).kind).toBe('denied');
    expect(book.release('front', A.run, 3)).toBe(true);
    expect(book.ask('front', B, 300, 3).kind).toBe('granted');
  });

  test('is of one virtual router', () => {
    const book = new LeaseBook({ from: -3000 });
    book.ask('front', A, 300, 0);
    expect(book.ask('back', B, 300, 0).kind).toBe('granted');
  });

  test('goes by the run of a process, whatever its name', () => {
    const book = new LeaseBook({ from: -3000 });
    book.ask('front', A, 300, 0);
    expect(book.ask('front', { ...A, run: 3n }, 300, 1).kind).toBe('denied');
  });
});

test('after the start nobody is lent anything for as long as an older lease may last', () => {
  const book = new LeaseBook({ from: 1000, longest: 300 });
  expect(book.ask('front', A, 300, 1299)).toEqual({ kind: 'quiet', remaining: 1 });
  expect(book.ask('front', A, 300, 1300).kind).toBe('granted');
});

test('a lease is never longer than the longest, whatever is asked for', () => {
  const book = new LeaseBook({ from: -3000, longest: 300 });
  expect(book.ask('front', A, 5000, 0)).toMatchObject({ span: 300 });
  expect(book.ask('front', B, 300, 300).kind).toBe('granted');
});

test('a book that is full takes nobody more until a lease has ended, and keeps its promises', () => {
  const book = new LeaseBook({ from: -3000, capacity: 2 });
  book.ask('one', A, 300, 0);
  book.ask('two', A, 200, 0);
  expect(book.ask('three', B, 300, 100)).toEqual({ kind: 'full' });
  expect(book.ask('one', A, 300, 100).kind).toBe('granted');
  expect(book.ask('three', B, 300, 200).kind).toBe('granted');
  expect(book.size).toBe(2);
});
