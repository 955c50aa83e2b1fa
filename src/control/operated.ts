import type { NodeState } from '../metrics/node-families.ts';
import type { NodeMetrics } from '../metrics/node-metrics.ts';
import { readiness } from '../metrics/readiness.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { NodeDrain } from '../operator/model.ts';
import type { Supervisor } from '../workers/supervisor.ts';
import { FloatingServing } from './floating-serving.ts';
import { NameServing } from './name-serving.ts';
import type { NodeDraining } from './node-draining.ts';
import { Origins } from './origins.ts';

/** What operators have a say in: origins, which datacenters names lead to, and where addresses are. */
export interface Operated {
  readonly origins: Origins;
  readonly names: NameServing;
  readonly floating: FloatingServing;
}

export interface OperatedOptions {
  readonly file: string;
  readonly stateDir: string;
  readonly version: string;
  readonly log: EventLog;
  readonly draining: NodeDraining;
  readonly metrics: NodeMetrics;
  readonly supervisor: Supervisor;
  readonly state: () => NodeState;
  /** Has what operators have added or removed be served; resolves with what is wrong with that. */
  readonly retake: () => Promise<readonly string[]>;
}

/** What was said before the start is in force from here on. */
export function makeOperated(options: OperatedOptions): Operated {
  const origins = makeOrigins(options);
  return { origins, names: makeNames(options, origins), floating: makeFloating(options, origins) };
}

function makeOrigins({ stateDir, log, draining, metrics, supervisor, retake }: OperatedOptions): Origins {
  return new Origins({
    stateDir,
    table: supervisor.originTable,
    log,
    counted: (pool, origin) => metrics.origin(pool, origin),
    cut: (slot) => supervisor.cut(slot),
    giveWay: (slot) => supervisor.giveWay(slot),
    maintain: (maintained) => supervisor.maintain(maintained),
    apply: retake,
    drainNode: (on) => {
      draining.on = on;
    },
  });
}

function makeNames({ file, stateDir, log, state }: OperatedOptions, { operator }: Origins): NameServing {
  return new NameServing({ file, stateDir, operator: operator.datacenters, readiness: () => readiness(state()), log });
}

function makeFloating(options: OperatedOptions, { operator }: Origins): FloatingServing {
  const { file, version, stateDir, log, draining, supervisor } = options;
  const floating = new FloatingServing({
    file,
    version,
    stateDir,
    operator: operator.addresses,
    drained: () => drainWords(operator.node()),
    serving: () => supervisor.serving,
    onMoving: (within) => supervisor.move(within),
    log,
    now: Date.now,
  });
  draining.follow((on) => floating.drain(on));
  return floating;
}

/** Who, and why. */
function drainWords(drain: NodeDrain | undefined): string {
  if (drain === undefined) return '';
  return drain.reason === '' ? drain.by : `${drain.by}: ${drain.reason}`;
}
