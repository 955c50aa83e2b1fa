import { expect, test } from 'vitest';
import { exposition } from '../../src/metrics/prometheus.ts';
import { vrrpFamilies } from '../../src/metrics/vrrp-families.ts';
import { Exposition } from '../support/exposition.ts';
import { vrrpFacts } from '../support/vrrp-facts.ts';

const FRONT = { vrrp_instance: 'front' };

function read(of: Parameters<typeof vrrpFacts>[0] = {}, more: Partial<ReturnType<typeof vrrpFacts>> = {}): Exposition {
  return new Exposition(exposition(vrrpFamilies({ ...vrrpFacts(of), ...more }), 'prometheus'));
}

test.each(['stopped', 'backup', 'claiming', 'active', 'leaving', 'fault', 'released'] as const)(
  'an instance that is %s is that, and nothing else',
  (role) => {
    const samples = read({ role }).samples('portico_vrrp_state');
    expect(samples.filter(({ value }) => value === 1).map(({ labels }) => labels.state)).toEqual([role]);
    expect(samples).toHaveLength(7);
  },
);

test('advertisements are counted, those that are not believed by each reason there is', () => {
  const page = read({ dropped: { checksum: 3, 'own-source': 2 } });
  expect(page.value('portico_vrrp_adverts_sent_total', FRONT)).toBe(90);
  expect(page.value('portico_vrrp_adverts_received_total', FRONT)).toBe(4);
  expect(page.value('portico_vrrp_adverts_dropped_total', { ...FRONT, reason: 'checksum' })).toBe(3);
  expect(page.value('portico_vrrp_adverts_dropped_total', { ...FRONT, reason: 'peer-unknown' })).toBe(0);
});

test('how long ago another node was heard is told in seconds, if one was', () => {
  expect(read().value('portico_vrrp_last_advert_age_seconds', FRONT)).toBe(2);
  expect(read({ heard: undefined }).samples('portico_vrrp_last_advert_age_seconds')).toEqual([]);
});

test.each([
  { maintenance: undefined, value: 0 },
  { maintenance: { kind: 'release', by: 'ops', why: '' } as const, value: 1 },
])('an operator who keeps it from taking part stands out: $value', ({ maintenance, value }) => {
  expect(read({ maintenance }).value('portico_vrrp_maintenance', FRONT)).toBe(value);
});

test('the process that has the addresses is told apart from them: without it nothing is known of these', () => {
  const page = read({}, { agent: { ready: false, deaths: 2, isRealTime: true }, instances: [] });
  expect(page.value('portico_vrrp_agent_ready')).toBe(0);
  expect(page.value('portico_vrrp_agent_deaths_total')).toBe(2);
  expect(page.value('portico_vrrp_agent_real_time')).toBe(1);
  expect(page.samples('portico_vrrp_state')).toEqual([]);
});
