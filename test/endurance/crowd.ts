import type { Ms } from '../../src/base/units.ts';
import type { Random } from '../cache/memory/random.ts';
import { type Answer, type Asked, type Connection, connectHttp1, connectHttp2, FORGOTTEN } from './exchange.ts';
import { faultIn } from './judge.ts';
import { etagOf, FLAVORS, traitsOf } from './versioned-objects.ts';
import type { VersionedOrigin } from './versioned-origin.ts';

export interface CrowdOptions {
  readonly origin: VersionedOrigin;
  readonly random: Random;
  /** What is wrong may be the fault of whoever ends workers. */
  readonly mayLose?: boolean;
}

type Scheme = 'http' | 'https';

/** The oldest version that may be in a reply, and who said so. */
interface Floor {
  readonly version: number;
  readonly why: string;
  readonly since: Ms;
}

const NO_FLOOR: Floor = { version: 0, why: 'nobody', since: 0 };

/** Clients that ask for versioned objects in all ways there are, and purges among them; each answer is judged. */
export class Crowd {
  readonly faults: string[] = [];
  /** How often what happened: by status and what Cache-Status says. */
  readonly seen = new Map<string, number>();
  readonly #options: CrowdOptions;
  /** The oldest version of each object that may be in a reply to whoever asks now. POST is for the URL of its scheme only. */
  readonly #floors: Readonly<Record<Scheme, Floor[]>> = { http: [], https: [] };
  #stopped = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  /** Lets so many clients in at these ports, of http and https, until `stop`. Resolves when all have left. */
  async visit(ports: { readonly http: number; readonly https: number }, clients: number): Promise<void> {
    this.#stopped = false;
    const visitors = Array.from({ length: clients }, (_, i) => {
      return i % 4 === 3
        ? this.#beVisitor('https', () => connectHttp2(ports.https))
        : this.#beVisitor('http', () => connectHttp1(ports.http));
    });
    await Promise.all([...visitors, this.#bePurger(ports.http)]);
  }

  stop(): void {
    this.#stopped = true;
  }

  async visitFor(duration: Ms, ports: { readonly http: number; readonly https: number }, clients: number) {
    setTimeout(() => this.stop(), duration);
    await this.visit(ports, clients);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** What happened that has this in its name. */
  count(name: string): number {
    let count = 0;
    for (const [each, times] of this.seen) if (each.includes(name)) count += times;
    return count;
  }

  async #beVisitor(scheme: Scheme, connect: () => Connection): Promise<void> {
    const { random } = this.#options;
    let connection = connect();
    while (!this.#stopped) {
      const number = this.#choose();
      const asked = this.#think(number);
      const floor = this.#floors[scheme][number] ?? NO_FLOOR;
      const answer = await connection.ask(asked);
      this.#judge(asked, answer, floor);
      if (asked.method === 'POST' && answer.end === 'clean' && answer.status === 204)
        this.#raise(scheme, number, floor.version + 1, 'POST');
      // Another one comes to another worker.
      const isLost = answer.end === 'lost' || answer.end === 'broken';
      if (!isLost && random.below(40) > 0) continue;
      connection.close();
      connection = connect();
      if (isLost) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    connection.close();
  }

  /** Some are asked for more often than others. */
  #choose(): number {
    const { origin, random } = this.#options;
    return Math.floor(origin.objects * random.next() ** 3);
  }

  #think(number: number): Asked {
    const { origin, random } = this.#options;
    if (random.below(20) === 0) origin.change(number);
    const { path, varies } = traitsOf(number);
    const fields: Record<string, string> = {};
    const flavor = varies ? random.pick(FLAVORS) : '';
    if (varies) fields['x-flavor'] = flavor;
    const kind = random.below(100);
    if (kind < 5) return { method: 'HEAD', path, fields };
    if (kind < 7) return { method: 'POST', path, fields };
    if (kind < 15)
      fields.range = random.pick(['bytes=0-', 'bytes=0-99', 'bytes=500-1499', 'bytes=-200', 'bytes=9000-']);
    else if (kind < 25)
      fields['if-none-match'] = etagOf(Math.max(0, origin.versionOf(number) - random.below(2)), flavor);
    else if (kind < 30) fields['cache-control'] = random.pick(['no-cache', 'max-age=0', 'no-store', 'max-stale']);
    else if (kind < 40) fields['accept-encoding'] = 'gzip';
    const manner = random.below(100);
    return {
      method: 'GET',
      path,
      fields,
      leaveAfter: manner < 4 ? random.below(20) : undefined,
      rest: manner > 97 ? random.below(100) : undefined,
    };
  }

  async #bePurger(port: number): Promise<void> {
    const { random } = this.#options;
    const connection = connectHttp1(port);
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, random.below(60)));
      const { asked, concerned } = this.#thinkPurge();
      for (const number of concerned) if (random.below(4) === 0) this.#options.origin.change(number);
      const versions = concerned.map((number) => [number, this.#options.origin.versionOf(number)] as const);
      const answer = await connection.ask(asked);
      this.#note(answer, 'PURGE');
      if (answer.end !== 'clean') {
        this.#lost(`purge: ${JSON.stringify(answer)}`);
        continue;
      }
      if (answer.status !== 200) this.faults.push(`purge: ${answer.status} ${answer.body}`);
      const isSoft = asked.fields['x-purge-soft'] === '1';
      // Of what may be served stale a soft purge leaves an old version to those for whom the origin fails.
      const why = `PURGE ${asked.path} ${JSON.stringify(asked.fields)}`;
      for (const [number, version] of versions) {
        if (isSoft && !traitsOf(number).strict) continue;
        this.#raise('http', number, version, why);
        this.#raise('https', number, version, why);
      }
    }
    connection.close();
  }

  #thinkPurge(): { asked: Asked; concerned: number[] } {
    const { origin, random } = this.#options;
    const number = this.#choose();
    const { path, tag } = traitsOf(number);
    const fields: Record<string, string> = random.below(3) === 0 ? { 'x-purge-soft': '1' } : {};
    const all = Array.from({ length: origin.objects }, (_, i) => i);
    const prefix = path.slice(0, path.indexOf('/', 1) + 1);
    const kind = random.below(100);
    if (kind < 90) return { asked: { method: 'PURGE', path, fields }, concerned: [number] };
    if (kind < 94) {
      const concerned = all.filter((each) => traitsOf(each).path.startsWith(prefix));
      return { asked: { method: 'PURGE', path: `${prefix}*`, fields }, concerned };
    }
    if (kind < 98) {
      const concerned = all.filter((each) => traitsOf(each).tag === tag);
      return { asked: { method: 'PURGE', path: '/', fields: { ...fields, 'surrogate-key': tag } }, concerned };
    }
    return { asked: { method: 'PURGE', path: '/', fields: { ...fields, 'x-purge-all': '1' } }, concerned: all };
  }

  #judge(asked: Asked, answer: Answer, floor: Floor): void {
    this.#note(answer, asked.method);
    const fault = faultIn(asked, answer, floor.version);
    if (fault === undefined) return;
    if (answer.end === 'lost' || answer.end === 'broken') this.#lost(fault);
    else this.faults.push(`${fault} since ${new Date(floor.since).toISOString()} by ${floor.why}`);
  }

  #lost(fault: string): void {
    // Nobody may be left waiting, whoever died.
    if (this.#options.mayLose !== true || fault.includes(FORGOTTEN)) this.faults.push(fault);
  }

  #note(answer: Answer, method: string): void {
    const [, did = ''] = answer.end === 'clean' ? (/; (hit|fwd=[a-z-]+)/.exec(cacheStatusOf(answer)) ?? []) : [];
    const name = answer.end === 'clean' ? `${method} ${answer.status} ${did}` : answer.end;
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
  }

  #raise(scheme: Scheme, number: number, version: number, why: string): void {
    const floors = this.#floors[scheme];
    const before = floors[number] ?? NO_FLOOR;
    if (version > before.version) floors[number] = { version, why, since: Date.now() };
  }
}

function cacheStatusOf(answer: Extract<Answer, { end: 'clean' | 'broken' }>): string {
  return String(answer.fields['cache-status'] ?? '');
}
