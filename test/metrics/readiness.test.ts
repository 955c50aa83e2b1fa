import { describe, expect, test } from 'vitest';
import { healthzPage, type NodeFacts, readiness, readyzPage } from '../../src/metrics/readiness.ts';

const serving: NodeFacts = { workers: 4, serving: 4, stopping: false, draining: false, listeners: 2 };

describe('a node', () => {
  test.each([
    { name: 'that serves is ready', facts: {}, reasons: [] },
    { name: 'that has lost some workers is ready all the same', facts: { serving: 1 }, reasons: [] },
    { name: 'that has lost all of them is not', facts: { serving: 0 }, reasons: ['no-workers'] },
    { name: 'that does not listen yet is not', facts: { serving: 0, listeners: 0 }, reasons: ['not-started'] },
    { name: 'that is told to stop is not', facts: { stopping: true }, reasons: ['stopping'] },
    { name: 'that is drained is not', facts: { draining: true }, reasons: ['draining'] },
    {
      name: 'says all its reasons',
      facts: { stopping: true, draining: true, serving: 0 },
      reasons: ['stopping', 'draining', 'no-workers'],
    },
  ])('$name', ({ facts, reasons }) => {
    expect(readiness({ ...serving, ...facts })).toEqual({ ready: reasons.length === 0, reasons });
  });

  test('answers 200 when it is ready, and 503 with its reasons when it is not', () => {
    expect(readyzPage(serving).status).toBe(200);
    const { status, contentType, body } = readyzPage({ ...serving, stopping: true, serving: 3 });
    expect([status, contentType]).toEqual([503, 'application/json']);
    expect(JSON.parse(body)).toEqual({ ready: false, reasons: ['stopping'], workers: { configured: 4, serving: 3 } });
  });

  test('that answers at all lives', () => {
    expect(healthzPage()).toEqual({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok\n' });
  });
});
