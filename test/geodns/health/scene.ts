import { vi } from 'vitest';
import {
  DatacenterHealth,
  type DatacenterPlan,
  type PendingDatacenters,
} from '../../../src/geodns/health/datacenter-health.ts';
import type { CheckRules, WatchedDatacenter } from '../../../src/geodns/health/model.ts';
import type { OwnState } from '../../../src/geodns/health/own-datacenter.ts';
import { DatacenterTable } from '../../../src/geodns/health/table.ts';
import type { Finding } from '../../../src/geodns/health/target.ts';
import { Checker } from '../../../src/health/checker.ts';
import { atTeardown } from '../../support/teardown.ts';

/** Datacenters whose checks find what a test says, by vitest's clock; and all that anybody was told. */

/** What the check of a datacenter finds: `silent`, nothing until it is ended; `ours`, that it cannot be made. */
export type Scripted = 'well' | 'bad' | 'silent' | 'ours';

export const RULES: CheckRules = {
  urls: [],
  interval: 5000,
  timeout: 2000,
  rise: 2,
  fall: 3,
  verify: false,
  ca: undefined,
};

export function watched(name: string, rules: Partial<CheckRules> = {}): WatchedDatacenter {
  return { name, check: { ...RULES, urls: [`https://${name}.test/readyz`], ...rules } };
}

export class HealthScene {
  /** By URL. */
  readonly finds = new Map<string, Scripted>();
  readonly asked: string[] = [];
  readonly log: string[] = [];
  readonly told: string[] = [];
  own: OwnState = { problems: [], draining: false };
  /** For pauses: 0, the shortest; 1, the longest. */
  random = 1;
  readonly health: DatacenterHealth;
  pending: PendingDatacenters | undefined;
  table = DatacenterTable.create(0);
  #names: readonly string[] = [];

  constructor() {
    const line = (event: string, fields: object = {}) => void this.log.push(`${event} ${JSON.stringify(fields)}`);
    this.health = new DatacenterHealth({
      schedule: (onResult) => new Checker({ onResult, now: Date.now, random: () => this.random }),
      probe: (url, rules) => (signal) => this.#ask(url, rules.timeout, signal),
      own: () => this.own,
      now: Date.now,
      log: { info: line, warn: line },
      onHealth: (name, from, { health, problem }) =>
        this.told.push(`${name} ${from} ${health} ${problem ?? ''}`.trim()),
      onFailingOpen: (choice, open) => this.told.push(`${choice.join(',')} ${open ? 'open' : 'no longer open'}`),
    });
    atTeardown(() => this.health.close());
  }

  find(name: string, what: Scripted): void {
    this.finds.set(`https://${name}.test/readyz`, what);
  }

  prepare(
    datacenters: readonly (string | WatchedDatacenter)[],
    plan: Partial<DatacenterPlan> = {},
  ): PendingDatacenters {
    const all = datacenters.map((each) => (typeof each === 'string' ? watched(each) : each));
    const names = all.map(({ name }) => name);
    this.#names = names;
    this.pending = this.health.prepare({ datacenters: all, choices: [names], own: undefined, ...plan });
    this.table = new DatacenterTable(this.pending.memory);
    return this.pending;
  }

  /** And their first checks are done. */
  async begin(...[datacenters, plan]: Parameters<HealthScene['prepare']>): Promise<void> {
    const { commit } = this.prepare(datacenters, plan);
    await this.pass(0);
    commit();
  }

  /** As the DNS thread sees it. */
  get serving(): readonly string[] {
    return this.#names.filter((_, position) => this.table.inService[position] !== 0);
  }

  limit(name: string): number {
    return this.table.ttlLimits[this.#names.indexOf(name)] as number;
  }

  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  #ask(url: string, timeout: number, signal: AbortSignal): Promise<Finding | undefined> {
    this.asked.push(`${Date.now()} ${url}`);
    const found = this.finds.get(url) ?? 'well';
    if (found !== 'silent') {
      return Promise.resolve(found === 'ours' ? undefined : { problem: found === 'bad' ? 'refused' : undefined });
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ problem: 'no answer' }), timeout);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
  }
}
