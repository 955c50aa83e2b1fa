import type { Bytes, Ms } from '../base/units.ts';
import { readTimes } from './histogram.ts';
import { ORIGIN, SITE, type TrafficTable } from './traffic-table.ts';

/** What was counted of a site or an origin, as rates need it: sums since the start. */
export interface Totals {
  readonly requests: number;
  /** Of these, how many failed or were answered by 5xx. */
  readonly errors: number;
  /** How many there is a time of, and the sum of those times. */
  readonly timed: number;
  readonly time: Ms;
  /** From the client, or from the origin. */
  readonly received: Bytes;
  /** To the client, or to the origin. */
  readonly sent: Bytes;
}

export const NOTHING: Totals = { requests: 0, errors: 0, timed: 0, time: 0, received: 0, sent: 0 };

const SERVER_ERROR = 5;
const CLASSES = 6;
/** `unreachable`, `silent`, `error`: those that are the origin's own; `cancelled` is behind them. */
const FAILURES = 3;

export function siteTotals(table: TrafficTable, slot: number): Totals {
  const cell = (at: number) => table.sum('site', slot, at);
  const { count, sum } = readTimes(cell, SITE.duration);
  return {
    requests: added(cell, SITE.byClass, CLASSES),
    errors: cell(SITE.byClass + SERVER_ERROR),
    timed: count,
    time: sum,
    received: cell(SITE.received),
    sent: cell(SITE.sent),
  };
}

/** An attempt that the client's leaving ended says nothing of the origin, and is left out. */
export function originTotals(table: TrafficTable, slot: number): Totals {
  const cell = (at: number) => table.sum('origin', slot, at);
  const responses = added(cell, ORIGIN.byClass, CLASSES);
  const failures = added(cell, ORIGIN.unanswered, FAILURES);
  const requests = responses + failures;
  const errors = failures + cell(ORIGIN.byClass + SERVER_ERROR) + cell(ORIGIN.brokenOff);
  return {
    requests,
    // A 5xx that broke off is one error.
    errors: Math.min(requests, errors),
    timed: responses,
    time: cell(ORIGIN.firstByteTime),
    received: cell(ORIGIN.received),
    sent: cell(ORIGIN.sent),
  };
}

export function plus(a: Totals, b: Totals): Totals {
  return combine(a, b, (one, other) => one + other);
}

export function minus(a: Totals, b: Totals): Totals {
  return combine(a, b, (one, other) => one - other);
}

function combine(a: Totals, b: Totals, how: (one: number, other: number) => number): Totals {
  return {
    requests: how(a.requests, b.requests),
    errors: how(a.errors, b.errors),
    timed: how(a.timed, b.timed),
    time: how(a.time, b.time),
    received: how(a.received, b.received),
    sent: how(a.sent, b.sent),
  };
}

function added(cell: (at: number) => number, first: number, count: number): number {
  let sum = 0;
  for (let at = first; at < first + count; at++) sum += cell(at);
  return sum;
}
