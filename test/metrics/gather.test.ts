import { describe, expect, test } from 'vitest';
import { MetricsPage } from '../../src/metrics/gather.ts';
import type { EventLog } from '../../src/observe/event-forward.ts';
import { counter, gauge, single } from '../../src/observe/metric.ts';
import { Exposition } from '../support/exposition.ts';

function page() {
  const events: string[] = [];
  const write = (event: string) => events.push(event);
  const metrics = new MetricsPage({ debug: write, info: write, warn: write, error: write } as unknown as EventLog);
  return { metrics, events, read: () => new Exposition(metrics.answer(undefined).body) };
}

describe('the metrics page', () => {
  test('has what every part tells, in the order of their coming', () => {
    const { metrics, read } = page();
    metrics.register('one', () => [gauge('b', 'B.', single(1))]);
    metrics.register('two', () => [gauge('a', 'A.', single(2))]);
    expect([...read().families.keys()]).toEqual(['b', 'a', 'portico_metrics_source_errors_total']);
  });

  test('comes as 0.0.4, and as OpenMetrics for who asks for it', () => {
    const { metrics } = page();
    metrics.register('one', () => [counter('b_total', 'B.', single(1))]);
    expect(metrics.answer(undefined)).toMatchObject({
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
    });
    const answer = metrics.answer('application/openmetrics-text; version=1.0.0');
    expect(answer.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(new Exposition(answer.body, 'openmetrics').value('b_total')).toBe(1);
  });

  test('goes without a part that throws, counts that, and logs it once', () => {
    const { metrics, events, read } = page();
    let broken = true;
    metrics.register('cache', () => {
      if (broken) throw new Error('lost');
      return [gauge('a', 'A.', single(1))];
    });
    metrics.register('traffic', () => [gauge('b', 'B.', single(2))]);
    read();
    expect(read().value('b')).toBe(2);
    const errors = 'portico_metrics_source_errors_total';
    expect(read().value(errors, { source: 'cache' })).toBe(3);
    expect(read().value(errors, { source: 'traffic' })).toBe(0);
    expect(events).toEqual(['metrics of a part are missing']);
    broken = false;
    expect(read().value('a')).toBe(1);
    expect(events).toEqual(['metrics of a part are missing', 'metrics are told again']);
  });

  test('has one family of what two parts tell, and no sample twice', () => {
    const { metrics, read } = page();
    const of = (pool: string, value: number) => gauge('a', 'A.', [{ labels: { pool }, value }]);
    metrics.register('one', () => [of('x', 1), of('y', 2)]);
    metrics.register('two', () => [of('x', 7), of('z', 3)]);
    expect(
      read()
        .samples('a')
        .map(({ labels, value }) => [labels.pool, value]),
    ).toEqual([
      ['x', 1],
      ['y', 2],
      ['z', 3],
    ]);
  });
});
