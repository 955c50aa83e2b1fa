import { createInterface } from 'node:readline';
import type { Ms } from '../../src/base/units.ts';
import { wallNow } from './clock.ts';
import { Journal } from './journal.ts';
import type { Lan } from './lan.ts';

export interface AddressChange {
  readonly host: string;
  readonly address: string;
  readonly isThere: boolean;
  /** When the kernel's word came; epoch milliseconds. */
  readonly at: Ms;
}

/** A time in which a host had an address. */
interface Holding {
  readonly host: string;
  readonly from: Ms;
  /** `Infinity`: it has it still. */
  readonly until: Ms;
}

/** When which of these hosts had which address on `eth0`, as `ip monitor` tells on each of them. */
export class AddressWatch {
  readonly changes = new Journal<AddressChange>('change of an address');
  readonly #hosts: readonly string[];
  readonly #there = new Set<string>();

  static async open(lan: Lan, hosts: readonly string[]): Promise<AddressWatch> {
    const watch = new AddressWatch(hosts);
    await Promise.all(hosts.map((host) => watch.#follow(lan, host)));
    return watch;
  }

  private constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  /** Who has it now, by name. */
  holders(address: string): string[] {
    return this.#hosts.filter((host) => this.#there.has(`${host} ${address}`));
  }

  /** When any of them got it. */
  arrivals(address: string): Ms[] {
    return this.changes.all.filter((change) => change.isThere && change.address === address).map(({ at }) => at);
  }

  /** Resolves when these hosts have it, and no others. */
  async heldBy(address: string, ...hosts: readonly string[]): Promise<void> {
    const wanted = hosts.toSorted().join();
    await this.changes.waitFor(() => this.holders(address).toSorted().join() === wanted, {
      from: Math.max(0, this.changes.all.length - 1),
      wanted: `after which ${wanted || 'nobody'} has ${address}`,
      limit: 16_000,
    });
  }

  /** When this host had it last: now, if it has it still. */
  lastSeen(address: string, host: string): Ms {
    const { until = 0 } = this.#holdings(address).findLast((each) => each.host === host) ?? {};
    return Math.min(until, wallNow());
  }

  /** All the time, from then on, in which two or more hosts had it. */
  doubleTime(address: string, since: Ms): Ms {
    const edges = this.#holdings(address)
      .flatMap(({ from, until }) => [
        { at: Math.max(from, since), step: 1 },
        { at: Math.max(Math.min(until, wallNow()), since), step: -1 },
      ])
      .sort((a, b) => a.at - b.at || a.step - b.step);
    let [holders, double, last] = [0, 0, since];
    for (const { at, step } of edges) {
      if (holders > 1) double += at - last;
      holders += step;
      last = at;
    }
    return double;
  }

  #holdings(address: string): Holding[] {
    return this.#hosts.flatMap((host) => {
      const own = this.changes.all.filter((change) => change.host === host && change.address === address);
      return own.flatMap(({ isThere, at }, index) =>
        isThere ? [{ host, from: at, until: own[index + 1]?.at ?? Number.POSITIVE_INFINITY }] : [],
      );
    });
  }

  /** Resolves when it hears: when it is told of an address that comes and goes for that. */
  async #follow(lan: Lan, host: string): Promise<void> {
    const child = lan.spawnObserver(host, 'ip', ['-ts', 'monitor', 'address'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TZ: 'UTC' },
    });
    let hears = false;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.includes(TRIAL)) hears = true;
      else this.#take(host, line);
    });
    while (!hears) {
      lan.run(host, 'ip', 'address', 'replace', `${TRIAL}/32`, 'dev', 'lo');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    lan.run(host, 'ip', 'address', 'del', `${TRIAL}/32`, 'dev', 'lo');
  }

  /** Also told when only its lifetime changes: that is no change here. */
  #take(host: string, line: string): void {
    const found = EVENT.exec(line)?.groups as { time: string; gone?: string; address: string } | undefined;
    if (found === undefined) return;
    const { time, gone, address } = found;
    const key = `${host} ${address}`;
    const isThere = gone === undefined;
    if (this.#there.has(key) === isThere) return;
    if (isThere) this.#there.add(key);
    else this.#there.delete(key);
    this.changes.add({ host, address, isThere, at: epochOf(time) });
  }
}

/** Of TEST-NET-1. */
const TRIAL = '192.0.2.1';

/** `[2026-01-01T12:00:00.123456] Deleted 2: eth0    inet 10.99.0.100/24 scope global secondary eth0` */
const EVENT = /^\[(?<time>[\d-]+T[\d:.]+)\] (?<gone>Deleted )?\d+: eth0\s+inet6? (?<address>[^/ ]+)/;

/** To the microsecond, which `Date` does not read. */
function epochOf(time: string): Ms {
  const [seconds, fraction = '0'] = time.split('.');
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
}
