import type { Ms } from '../base/units.ts';
import { counter, gauge, type MetricFamily, type ScalarSample, single } from '../observe/metric.ts';

/**
 * Floating addresses, as metrics. `InstanceStatus` says it as it is. The label is `vrrp_instance`, as Prometheus calls by `instance`
 * whom it asks.
 */

export interface VrrpFacts {
  /** `deaths`: since the start. */
  readonly agent: { readonly ready: boolean; readonly deaths: number; readonly isRealTime: boolean };
  readonly instances: readonly VrrpInstanceFacts[];
  /** All that there are. */
  readonly dropReasons: readonly string[];
  readonly webhookFailures: number;
  /** Epoch milliseconds. */
  readonly now: Ms;
}

export interface VrrpInstanceFacts {
  readonly name: string;
  readonly role: string;
  readonly priority: number;
  readonly transitions: number;
  readonly heard: { readonly at: Ms } | undefined;
  readonly maintenance: object | undefined;
  readonly sent: number;
  readonly received: number;
  /** By reason; those that are not in it are 0. */
  readonly dropped: Readonly<Record<string, number>>;
  /** By kind, all that there are. */
  readonly alarms: Readonly<Record<string, number>>;
}

const ROLES = ['stopped', 'backup', 'claiming', 'active', 'leaving', 'fault', 'released'];

export function vrrpFamilies({ agent, instances, dropReasons, webhookFailures, now }: VrrpFacts): MetricFamily[] {
  return [...agentFamilies(agent, webhookFailures), ...instanceFamilies(instances, dropReasons, now)];
}

function agentFamilies({ ready, deaths, isRealTime }: VrrpFacts['agent'], webhookFailures: number): MetricFamily[] {
  return [
    gauge(
      'portico_vrrp_agent_ready',
      'Whether the process that has the addresses is there, and answers: 1 or 0.',
      single(+ready),
    ),
    gauge(
      'portico_vrrp_agent_real_time',
      'Whether that process runs before all that is not real time: 1 or 0.',
      single(+isRealTime),
    ),
    counter('portico_vrrp_agent_deaths_total', 'Such processes that died and were replaced.', single(deaths)),
    counter(
      'portico_vrrp_webhook_failures_total',
      'Changes and alarms that the webhook did not take.',
      single(webhookFailures),
    ),
  ];
}

function instanceFamilies(
  instances: readonly VrrpInstanceFacts[],
  dropReasons: readonly string[],
  now: Ms,
): MetricFamily[] {
  const samples = (value: (instance: VrrpInstanceFacts) => number): ScalarSample[] =>
    instances.map((each) => ({ labels: { vrrp_instance: each.name }, value: value(each) }));
  const by = (
    label: string,
    values: (instance: VrrpInstanceFacts) => readonly (readonly [string, number])[],
  ): ScalarSample[] =>
    instances.flatMap((each) =>
      values(each).map(([is, value]) => ({ labels: { vrrp_instance: each.name, [label]: is }, value })),
    );
  return [
    gauge(
      'portico_vrrp_state',
      'Where an instance stands: 1 for the state that it is in.',
      by('state', ({ role }) => ROLES.map((each) => [each, +(each === role)])),
    ),
    gauge(
      'portico_vrrp_priority',
      'What an instance advertises when it is active.',
      samples(({ priority }) => priority),
    ),
    gauge(
      'portico_vrrp_maintenance',
      'Whether an operator, or the drain of the node, keeps an instance from taking part as it would: 1 or 0.',
      samples(({ maintenance }) => +(maintenance !== undefined)),
    ),
    counter(
      'portico_vrrp_transitions_total',
      'Changes of the state of an instance.',
      samples(({ transitions }) => transitions),
    ),
    counter(
      'portico_vrrp_adverts_sent_total',
      'Advertisements that were sent.',
      samples(({ sent }) => sent),
    ),
    counter(
      'portico_vrrp_adverts_received_total',
      'Advertisements of others that were believed.',
      samples(({ received }) => received),
    ),
    counter(
      'portico_vrrp_adverts_dropped_total',
      'Advertisements that were not believed, by the reason; own-source are our own that came back.',
      by('reason', ({ dropped }) => dropReasons.map((reason) => [reason, dropped[reason] ?? 0])),
    ),
    counter(
      'portico_vrrp_alarms_total',
      'What a person should hear of.',
      by('alarm', ({ alarms }) => Object.entries(alarms)),
    ),
    gauge(
      'portico_vrrp_last_advert_age_seconds',
      'How long ago another node was heard; absent where none was since one said goodbye.',
      instances.flatMap(({ name, heard }) =>
        heard === undefined ? [] : [{ labels: { vrrp_instance: name }, value: Math.max(0, now - heard.at) / 1000 }],
      ),
    ),
  ];
}
