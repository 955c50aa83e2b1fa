import { readFileSync } from 'node:fs';
import type { DatacenterState } from '../admin/api/dns-port.ts';
import type { DnsSettings } from '../geodns/config.ts';
import {
  DatacenterHealth,
  type DatacenterHealthOptions,
  type PendingDatacenters,
} from '../geodns/health/datacenter-health.ts';
import type { Choice, DatacenterStanding } from '../geodns/health/model.ts';
import { type Probe, watchedDatacenter } from '../geodns/health/target.ts';
import { Check } from '../health/check.ts';
import { Checker } from '../health/checker.ts';
import { CheckTls } from '../health/connector.ts';
import type { HealthCheckSettings } from '../health/settings.ts';
import type { Readiness } from '../metrics/readiness.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { Actor, DatacenterChange, DatacenterRefusal, Outcome } from '../operator/commands.ts';
import type { DatacenterHand } from '../operator/datacenter-hand.ts';

export interface DatacentersOptions {
  readonly operator: DatacenterHand;
  /** Of this node. */
  readonly readiness: () => Readiness;
  readonly log: EventLog;
}

/** The datacenters as control has them: what the file says, what operators say and what is seen come together here. */
export class Datacenters {
  readonly #operator: DatacenterHand;
  readonly #health: DatacenterHealth;
  #settings: DnsSettings['datacenters'] = {};

  constructor(options: DatacentersOptions) {
    this.#operator = options.operator;
    this.#health = new DatacenterHealth(healthOptions(options));
  }

  /**
   * Begins to check what is new; positions are those of the settings. `choices`: which of them records choose among, by
   * name. `own`: `node.region`. Throws when a file of certificates cannot be read.
   */
  prepare(settings: DnsSettings['datacenters'], choices: readonly Choice[], own: string): PendingDatacenters {
    const datacenters = Object.entries(settings).map(([name, each]) => watchedDatacenter(name, each, caOf(each)));
    const pending = this.#health.prepare({ datacenters, choices, own });
    // What was said before the start holds before the first answer.
    for (const { name } of datacenters) this.#health.said(name, this.#operator.word(name));
    return {
      ...pending,
      commit: () => {
        this.#settings = settings;
        pending.commit();
        this.#operator.take({
          names: Object.keys(settings),
          emptied: (name, word) => this.#health.emptied(name, word),
          said: (name, word) => this.#health.said(name, word),
        });
      },
    };
  }

  /** Has it seen at once that this node drains, or is ready. */
  look(): void {
    this.#health.look();
  }

  list(): readonly DatacenterState[] {
    return this.#health.standings().map((standing) => this.#state(standing));
  }

  /** Each of the choices that has nobody in service, so that its answers are given as if all were. */
  failingOpen(): readonly Choice[] {
    return this.#health.failingOpen();
  }

  set(name: string, change: DatacenterChange, actor: Actor): Outcome<DatacenterState, DatacenterRefusal> {
    const outcome = this.#operator.set(name, change, actor);
    if (!outcome.ok) return outcome;
    const word = outcome.value;
    const standing = this.#health.imagined(name, word) as DatacenterStanding;
    return { ok: true, value: { ...this.#state(standing), word } };
  }

  close(): void {
    this.#operator.take(undefined);
    this.#health.close();
  }

  #state(standing: DatacenterStanding): DatacenterState {
    const { location, addresses } = this.#settings[standing.name] as DnsSettings['datacenters'][string];
    return { ...standing, location, addresses, word: this.#operator.word(standing.name) };
  }
}

function healthOptions({ operator, readiness, log }: DatacentersOptions): DatacenterHealthOptions {
  // A step of the clock is no time that has passed.
  const now = () => performance.timeOrigin + performance.now();
  return {
    schedule: (onResult) => new Checker({ onResult, now }),
    probe,
    own: () => {
      const { reasons } = readiness();
      return { problems: reasons.filter((reason) => reason !== 'draining'), draining: reasons.includes('draining') };
    },
    now,
    log,
    onHealth: (datacenter, from, { health, problem }) =>
      operator.tell('datacenter-health', { datacenter, from, to: health, ...(problem !== undefined && { problem }) }),
    onFailingOpen: (datacenters, open) => operator.tell('dns-failing-open', { datacenters, open }),
  };
}

/** Asks for a node's readiness: what is not 2xx says that it is not ready. */
const probe: Probe = (url, { interval, timeout, rise, fall, verify, ca }) => {
  const { pathname, search } = new URL(url);
  const settings: HealthCheckSettings = {
    type: 'http',
    path: `${pathname}${search}`,
    method: 'GET',
    interval,
    timeout,
    rise,
    fall,
    expect: [[200, 299]],
    initial: 'checking',
    jitter: 0,
  };
  const tls = new CheckTls({ ca, serverName: undefined, verify, cert: undefined, key: undefined });
  const check = new Check(url, settings, tls);
  return (signal) => check.run(signal);
};

function caOf({ check }: DnsSettings['datacenters'][string]): string | undefined {
  return check === 'off' || check.ca === undefined ? undefined : readFileSync(check.ca, 'utf8');
}
