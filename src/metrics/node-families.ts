import type { Ms } from '../base/units.ts';
import { counter, gauge, type MetricFamily, single } from '../observe/metric.ts';
import { type NodeFacts, readiness } from './readiness.ts';

/** What control knows of its configuration. */
export interface ConfigurationFacts {
  /** Counted up by each that was taken. */
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly takenAt: Ms;
  /** Whether the last reload was taken. */
  readonly accepted: boolean;
}

export interface NodeState extends NodeFacts {
  /** Deaths of workers since the start. */
  readonly deaths: number;
  readonly configuration: ConfigurationFacts;
}

/** The node as a whole. */
export function nodeFamilies(state: NodeState): MetricFamily[] {
  const { workers, serving, deaths, configuration } = state;
  return [
    gauge('portico_ready', 'Whether the node wants traffic: 1 or 0, as /readyz says.', flag(readiness(state).ready)),
    gauge('portico_draining', 'Whether an operator drains the node: 1 or 0.', flag(state.draining)),
    gauge('portico_workers', 'Worker threads that there should be.', single(workers)),
    gauge('portico_workers_serving', 'Worker threads that serve the newest configuration.', single(serving)),
    counter('portico_worker_deaths_total', 'Worker threads that died and were replaced.', single(deaths)),
    gauge(
      'portico_config_generation',
      'Counted up with each configuration that was taken.',
      single(configuration.generation),
    ),
    gauge(
      'portico_config_last_reload_successful',
      'Whether the last configuration that was read was taken: 1 or 0.',
      flag(configuration.accepted),
    ),
    gauge(
      'portico_config_last_reload_success_timestamp_seconds',
      'When a configuration was last taken, since the epoch.',
      single(configuration.takenAt / 1_000),
    ),
  ];
}

function flag(on: boolean): ReturnType<typeof single> {
  return single(on ? 1 : 0);
}
