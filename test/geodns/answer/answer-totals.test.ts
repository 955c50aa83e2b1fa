import { describe, expect, test } from 'vitest';
import { AnswerTable } from '../../../src/geodns/answer/answer-table.ts';
import { AnswerTotals } from '../../../src/geodns/answer/answer-totals.ts';
import { NONE } from '../../../src/geodns/answer/counts.ts';
import { RCODE } from '../../../src/geodns/wire/types.ts';

function begin(totals: AnswerTotals, zones: readonly string[], datacenters: readonly string[] = []): AnswerTable {
  return new AnswerTable(totals.begin({ zones, datacenters }));
}

function answer(table: AnswerTable, zone: number, times = 1): void {
  for (let i = 0; i < times; i++) table.replied(zone, RCODE.NOERROR, 'udp', NONE, false);
}

/** Of each zone how many replies. */
function repliesOf(totals: AnswerTotals): Record<string, number> {
  return Object.fromEntries(totals.snapshot().replies.map(({ zone, count }) => [zone, count]));
}

describe('a table', () => {
  test('is shared: what the thread counts control reads', () => {
    const memory = AnswerTable.allocate({ zones: 2, datacenters: 3 });
    const writer = new AnswerTable(memory);
    const reader = new AnswerTable(memory);
    writer.replied(1, RCODE.NXDOMAIN, 'tcp', NONE, false);
    writer.replied(1, RCODE.NOERROR, 'udp', 2, true);
    expect(reader.size).toEqual({ zones: 2, datacenters: 3 });
    expect([...reader.replies(1)].reduce((sum, count) => sum + count)).toBe(2);
    expect([...reader.replies(0), ...reader.replies(NONE)]).not.toContain(1);
    expect([0, 1, 2].map((datacenter) => reader.answers(datacenter))).toEqual([0, 0, 1]);
    expect([reader.truncated('udp'), reader.truncated('tcp')]).toEqual([1, 0]);
  });

  test('counts each thing in a cell of its own', () => {
    const memory = AnswerTable.allocate({ zones: 2, datacenters: 1 });
    const table = new AnswerTable(memory);
    let cells = 0;
    for (const transport of ['udp', 'tcp'] as const) {
      for (const zone of [NONE, 0, 1]) {
        for (let rcode = 0; rcode <= 24; rcode++) {
          table.replied(zone, rcode, transport, NONE, false);
          cells += 1;
        }
      }
      for (const reason of ['malformed', 'port', 'limited'] as const) {
        table.silent(reason, transport);
        cells += 1;
      }
    }
    table.slipped();
    table.failed(new Error('scripted to'));
    cells += 2;
    const [, , ...counted] = new Float64Array(memory);
    // But for the datacenter, and what is truncated.
    expect(counted.filter((count) => count === 1)).toHaveLength(cells);
    expect(counted.filter((count) => count === 0)).toHaveLength(3);
  });

  test('hands on what is broken', () => {
    const told: unknown[] = [];
    const table = new AnswerTable(AnswerTable.allocate({ zones: 0, datacenters: 0 }), (error) => told.push(error));
    table.failed('this');
    expect(told).toEqual(['this']);
    expect(table.failures).toBe(1);
  });
});

describe('totals', () => {
  test('are there while a generation counts, and go on with the next by name, wherever it stands', () => {
    const totals = new AnswerTotals();
    const first = begin(totals, ['a', 'b'], ['us', 'uk']);
    totals.settle();
    answer(first, 0, 3);
    answer(first, 1, 5);
    first.replied(1, RCODE.NOERROR, 'udp', 1, false);
    expect(repliesOf(totals)).toEqual({ a: 3, b: 6 });

    const second = begin(totals, ['b', 'a'], ['uk', 'us']);
    expect(repliesOf(totals)).toEqual({ a: 3, b: 6 });
    answer(first, 0);
    answer(second, 1);
    expect(repliesOf(totals)).toEqual({ a: 5, b: 6 });
    totals.settle();
    expect(repliesOf(totals)).toEqual({ a: 5, b: 6 });
    answer(second, 0);
    second.replied(NONE, RCODE.REFUSED, 'tcp', NONE, false);
    expect(repliesOf(totals)).toEqual({ a: 5, b: 7, '-': 1 });
    expect(totals.snapshot().answers).toEqual({ us: 0, uk: 1 });
  });

  test('of a generation that was discarded there are none, and the one before counts on', () => {
    const totals = new AnswerTotals();
    const first = begin(totals, ['a']);
    totals.settle();
    for (let i = 0; i < 3; i++) {
      begin(totals, ['b']);
      answer(first, 0);
      totals.discard();
    }
    answer(first, 0);
    expect(repliesOf(totals)).toEqual({ a: 4 });
  });

  test('forget what is no longer configured, but not that there were replies', () => {
    const totals = new AnswerTotals();
    const first = begin(totals, ['a', 'b'], ['us']);
    totals.settle();
    answer(first, 0, 2);
    answer(first, 1, 3);
    first.replied(1, RCODE.NXDOMAIN, 'udp', 0, false);
    begin(totals, ['a']);
    totals.settle();
    expect(repliesOf(totals)).toEqual({ a: 2 });
    expect(totals.snapshot().answers).toEqual({});
    expect(totals.snapshot().rcodes).toEqual({ NOERROR: 5, NXDOMAIN: 1 });

    begin(totals, ['a', 'b'], ['us']);
    totals.settle();
    expect(repliesOf(totals)).toEqual({ a: 2 });
    expect(totals.snapshot().answers).toEqual({ us: 0 });
    expect(totals.snapshot().rcodes).toEqual({ NOERROR: 5, NXDOMAIN: 1 });
  });

  test('have response codes by name, and those that nobody gives together', () => {
    const totals = new AnswerTotals();
    const table = begin(totals, ['a']);
    for (const rcode of [RCODE.BADCOOKIE, RCODE.NOTAUTH, 24, 4095]) table.replied(0, rcode, 'udp', NONE, false);
    expect(totals.snapshot().rcodes).toEqual({ NOTAUTH: 1, BADCOOKIE: 1, other: 2 });
  });

  test('add up what belongs to no zone over generations', () => {
    const totals = new AnswerTotals();
    for (let i = 0; i < 3; i++) {
      const table = begin(totals, [`zone ${i}`]);
      totals.settle();
      table.silent('limited', 'udp');
      table.silent('malformed', 'tcp');
      table.slipped();
      table.failed(new Error('scripted to'));
      table.replied(0, RCODE.NOERROR, 'udp', NONE, true);
    }
    const { silences, truncated, slipped, failed } = totals.snapshot();
    expect({ truncated, slipped, failed }).toEqual({ truncated: { udp: 3, tcp: 0 }, slipped: 3, failed: 3 });
    expect(silences).toHaveLength(6);
    expect(silences).toContainEqual({ reason: 'limited', transport: 'udp', count: 3 });
    expect(silences).toContainEqual({ reason: 'malformed', transport: 'tcp', count: 3 });
    expect(silences).toContainEqual({ reason: 'port', transport: 'udp', count: 0 });
  });
});
