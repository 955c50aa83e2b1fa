import { describe, expect, test } from 'vitest';
import { exposition } from '../../src/metrics/prometheus.ts';
import { siblingFamilies } from '../../src/metrics/sibling-families.ts';
import { NO_SIBLINGS, type SiblingReport } from '../../src/sibling/state.ts';
import { Exposition } from '../support/exposition.ts';
import { linkedAt, NEVER_ASKED, progress, reportOf, sibling } from '../support/sibling-report.ts';

const read = (report: SiblingReport) => new Exposition(exposition(siblingFamilies(report), 'prometheus'));

describe('siblings', () => {
  test('are told of by their names', () => {
    const link = { ...linkedAt(0), ours: progress(12, 10) };
    const page = read(reportOf(sibling('us-2', { account: { isPortico: true }, link }), sibling('squid')));
    const peer = 'us-2';
    expect(page.value('portico_sibling_linked', { peer })).toBe(1);
    expect(page.value('portico_sibling_queries_total', { peer })).toBe(12_345);
    expect(page.value('portico_sibling_answers_total', { peer, answer: 'hit' })).toBe(6_000);
    expect(page.value('portico_sibling_answers_total', { peer, answer: 'error' })).toBe(5);
    expect(page.value('portico_sibling_timeouts_total', { peer })).toBe(40);
    expect(page.value('portico_sibling_fetches_total', { peer, outcome: 'hit' })).toBe(5_900);
    expect(page.value('portico_sibling_fetches_total', { peer, outcome: 'false-hit' })).toBe(3);
    expect(page.value('portico_sibling_round_trip_seconds', { peer })).toBeCloseTo(0.000_42);
    expect(page.value('portico_sibling_served_total', { peer })).toBe(77);
    expect(page.value('portico_sibling_purges_behind', { peer, side: 'there' })).toBe(2);
    expect(page.value('portico_sibling_purges_behind', { peer, side: 'here' })).toBe(0);
    expect(page.value('portico_sibling_linked', { peer: 'squid' })).toBe(0);
    expect(page.value('portico_icp_packets_total', { outcome: 'HIT' })).toBe(90);
    expect(page.value('portico_htcp_packets_total', { outcome: 'purged' })).toBe(2);
    expect(page.value('portico_sibling_dropped_packets_total', { reason: 'stranger' })).toBe(4);
  });

  test.each([
    { name: 'answers', account: {}, up: 1, paused: 0 },
    { name: 'was never asked', account: NEVER_ASKED, up: 1, paused: 0 },
    { name: 'does not answer', account: { standing: 'dead' as const }, up: 0, paused: 0 },
    { name: 'answers too late', account: { standing: 'slow' as const }, up: 0, paused: 0 },
    { name: 'does not deliver', account: { fetching: 'paused' as const }, up: 1, paused: 1 },
    { name: 'is on trial', account: { fetching: 'trial' as const }, up: 1, paused: 1 },
  ])('one that $name: up $up, paused $paused', ({ account, up, paused }) => {
    const page = read(reportOf(sibling('us-2', { account })));
    expect(page.value('portico_sibling_up', { peer: 'us-2' })).toBe(up);
    expect(page.value('portico_sibling_paused', { peer: 'us-2' })).toBe(paused);
  });

  test('have no figures of what was never measured, and counters that begin at nought', () => {
    const page = read(reportOf(sibling('us-2', { account: NEVER_ASKED, link: 'none' })));
    expect(page.samples('portico_sibling_round_trip_seconds')).toEqual([]);
    expect(page.samples('portico_sibling_purges_behind')).toEqual([]);
    expect(page.sum('portico_sibling_answers_total')).toBe(0);
    expect(page.samples('portico_sibling_answers_total')).toHaveLength(4);
  });

  test('are not told of where there are none', () => {
    expect(siblingFamilies(NO_SIBLINGS)).toEqual([]);
    const asked = siblingFamilies({ ...NO_SIBLINGS, icp: { HIT: 1 } });
    expect(asked.map(({ name }) => name)).toEqual(['portico_icp_packets_total']);
  });
});
