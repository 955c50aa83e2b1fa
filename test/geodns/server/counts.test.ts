import { expect, test } from 'vitest';
import { CELL, DnsCounts } from '../../../src/geodns/server/counts.ts';

test('what one thread counts another one reads, each in a cell of its own', () => {
  const counts = new DnsCounts();
  const reader = new DnsCounts(counts.memory);
  const cells = Object.values(CELL).flatMap((group) => Object.values<number>(group));
  expect(new Set(cells).size).toBe(cells.length);
  counts.add(CELL.udp.queries, 64);
  counts.add(CELL.udp.queries);
  counts.add(CELL.tcp.queries);
  expect(reader.of('udp')).toMatchObject({ queries: 65, replies: 0 });
  expect(reader.of('tcp')).toMatchObject({ queries: 1 });
});

test('what a dead thread held is forgotten, what it counted is not', () => {
  const counts = new DnsCounts();
  counts.add(CELL.tcp.accepted, 3);
  counts.add(CELL.tcp.open, 3);
  counts.dropHeld();
  expect(counts.of('tcp')).toMatchObject({ accepted: 3, open: 0 });
});
