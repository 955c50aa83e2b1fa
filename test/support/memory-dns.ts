import type { DatacenterState, DnsPort, DnsStatus } from '../../src/admin/api/dns-port.ts';
import { isNetwork } from '../../src/base/address.ts';
import { effective, failingOpen } from '../../src/geodns/health/effective.ts';
import type { Choice, Health } from '../../src/geodns/health/model.ts';
import type { Destination } from '../../src/geodns/inquiry/destinations.ts';
import type { Actor, DatacenterChange, DatacenterRefusal, Outcome } from '../../src/operator/commands.ts';
import type { DatacenterWord } from '../../src/operator/model.ts';

/** A name server in memory, for whatever stands on `DnsPort`: a test plays the checks by `set`. */
export class MemoryDns implements DnsPort {
  readonly changes: { readonly name: string; readonly change: DatacenterChange; readonly actor: Actor }[] = [];
  /** What the next change is refused for. */
  refuseNext: DatacenterRefusal | undefined;
  readonly #datacenters = new Map<string, DatacenterState>();
  readonly #now: () => number;
  #status: DnsStatus = STATUS;

  constructor(names: readonly string[], now: () => number) {
    this.#now = now;
    for (const name of names) this.#datacenters.set(name, datacenterNamed(name, now()));
  }

  status(): DnsStatus {
    return this.#status;
  }

  datacenters(): readonly DatacenterState[] {
    return [...this.#datacenters.values()];
  }

  destinations(client: string): readonly Destination[] | undefined {
    if (!isNetwork(client)) return undefined;
    const order = [...this.#datacenters.keys()];
    const chosen = order.filter((name) => this.#datacenters.get(name)?.effective === 'serving').slice(0, 1);
    return [{ map: `closest of ${order.join(', ')}`, mode: 'closest', order, chosen, net: '203.0.113.0/24' }];
  }

  failingOpen(): readonly Choice[] {
    return this.#failingOpen(new Map());
  }

  stageStatus(staged: Partial<DnsStatus>): void {
    this.#status = { ...this.#status, ...staged };
  }

  stage(name: string, staged: Partial<DatacenterState>): void {
    this.#datacenters.set(name, settled({ ...(this.#datacenters.get(name) as DatacenterState), ...staged }));
  }

  set(name: string, health: Health, problem?: string): void {
    const datacenter = this.#datacenters.get(name) as DatacenterState;
    const observed = { ...datacenter.observed, health, problem };
    this.#datacenters.set(name, settled({ ...datacenter, observed }));
  }

  setDatacenter(name: string, change: DatacenterChange, actor: Actor): Outcome<DatacenterState, DatacenterRefusal> {
    const before = this.#datacenters.get(name);
    if (before === undefined) {
      return { ok: false, refusal: { kind: 'unknown-datacenter', detail: `there is no datacenter ${name}` } };
    }
    const refusal = this.refuseNext;
    this.refuseNext = undefined;
    if (refusal !== undefined) return { ok: false, refusal };
    const after = settled({ ...before, word: wordOf(change, actor, this.#now()) });
    const isOpen = this.failingOpen().length > 0 || change.force === true;
    if (!isOpen && this.#failingOpen(new Map([[name, after]])).length > 0) {
      return { ok: false, refusal: { kind: 'last-datacenter', detail: 'nobody would be left' } };
    }
    this.changes.push({ name, change, actor });
    if (change.dryRun !== true) this.#datacenters.set(name, after);
    return { ok: true, value: after };
  }

  #failingOpen(instead: ReadonlyMap<string, DatacenterState>): Choice[] {
    const serving = (name: string) => (instead.get(name) ?? this.#datacenters.get(name))?.effective === 'serving';
    return failingOpen([[...this.#datacenters.keys()]], serving);
  }
}

function wordOf({ admin, reason, expiresIn }: DatacenterChange, { name, source }: Actor, now: number) {
  if (admin === 'active') return undefined;
  const expires = expiresIn === undefined || expiresIn === null ? undefined : now + expiresIn;
  return { admin, by: name, source, reason, since: now, expires } satisfies DatacenterWord;
}

function settled(state: DatacenterState): DatacenterState {
  return { ...state, effective: effective(state) };
}

function datacenterNamed(name: string, now: number): DatacenterState {
  return {
    name,
    own: false,
    location: [51.5, -0.1],
    addresses: ['192.0.2.10', '2001:db8::10'],
    word: undefined,
    observed: {
      health: 'up',
      since: now,
      problem: undefined,
      draining: false,
      due: undefined,
      last: { at: now, took: 12.5 },
    },
    effective: 'serving',
    ttlLimit: undefined,
  };
}

const STATUS: DnsStatus = {
  engine: 'plain',
  fallback: 'node:ffi is not there',
  threads: 1,
  listeners: ['127.0.0.1:53'],
  zones: [
    { name: 'example.com', serial: 1, records: 12, file: undefined, problems: [] },
    { name: 'example.org', serial: 7, records: 900, file: 'zones/example.org', problems: ['zones/example.org:3: x'] },
  ],
  databases: [{ file: 'GeoLite2-City.mmdb', type: 'GeoLite2-City', built: 1_699_000_000_000, problem: undefined }],
  counters: {
    queries: { udp: 10, tcp: 1 },
    replies: { NOERROR: 9, NXDOMAIN: 1 },
    limited: 0,
    dropped: 1,
    answers: { us: 5, uk: 4 },
  },
};
