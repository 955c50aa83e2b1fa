import { expect, test } from 'vitest';
import { UnderWay } from '../../../src/proxy/pool/under-way.ts';
import { OriginTable } from '../../../src/workers/origin-table.ts';

function attempt(cut: () => void) {
  return { place: -1, cut, giveWay: cut };
}

test('what is under way at an origin is cut, each once, and what is elsewhere or over is not', () => {
  const underWay = new UnderWay(new OriginTable(OriginTable.allocate(1), 1, 0));
  const cut: string[] = [];
  const one = attempt(() => {
    cut.push('one');
    // As an attempt does that is over, while the others are still to be cut.
    underWay.end(5, one);
  });
  const two = attempt(() => cut.push('two'));
  const over = attempt(() => cut.push('over'));
  underWay.begin(5, over);
  underWay.begin(5, one);
  underWay.begin(5, two);
  underWay.begin(
    6,
    attempt(() => cut.push('elsewhere')),
  );
  underWay.end(5, over);
  underWay.cut(5);
  underWay.cut(7);
  expect(cut.sort()).toEqual(['one', 'two']);
});

test('an attempt that gives way may end, and begin elsewhere, while others are still told', () => {
  const underWay = new UnderWay(new OriginTable(OriginTable.allocate(1), 1, 0));
  const told: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const each = attempt(() => {
      told.push(name);
      underWay.end(5, each);
      underWay.begin(6, each);
    });
    underWay.begin(5, each);
  }
  underWay.giveWay(5);
  underWay.giveWay(5);
  expect(told.sort()).toEqual(['one', 'three', 'two']);
});

test('requests that wait at a pool are in one queue, whichever generation asks for it', () => {
  const underWay = new UnderWay(new OriginTable(OriginTable.allocate(1), 1, 0));
  expect(underWay.queue(1)).toBe(underWay.queue(1));
  expect(underWay.queue(2)).not.toBe(underWay.queue(1));
});
