import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Ms } from '../../src/base/units.ts';
import { wallNow } from './clock.ts';
import { Journal } from './journal.ts';
import type { Lan } from './lan.ts';
import { within } from './wait.ts';

const PROCESS = new URL('./vip-client-process.ts', import.meta.url).pathname;

const EVERY: Ms = 5;

/** Less than a second, after which a lost SYN is sent once more: whatever is lost fails its request. */
const TIMEOUT: Ms = 900;

export interface VipRequest {
  /** Epoch milliseconds. */
  readonly start: Ms;
  readonly end: Ms;
  /** The host that answered; `undefined`: it failed. */
  readonly by: string | undefined;
  readonly problem: string | undefined;
  /** All requests that were started before have ended by now. */
  readonly whole: Ms;
}

export interface VipReport {
  readonly sent: number;
  readonly failed: number;
  /** Requests by the host that answered. */
  readonly answered: Readonly<Record<string, number>>;
  /** The longest time from the start of a request that was answered to the start of the next one that was. */
  readonly gap: Ms;
  /** The longest time from one start to the next: far above what it is asked for, it was this machine that was busy. */
  readonly stall: Ms;
}

/** A client that asks an address for a name, on a new connection every so often. It ends with the test. */
export class VipClient {
  readonly requests = new Journal<VipRequest>('request');
  readonly #child: ChildProcess;

  /** `every`: from the start of one connection to the next. Resolves when it has been answered. */
  static async start(lan: Lan, host: string, address: string, every: Ms = EVERY): Promise<VipClient> {
    const client = new VipClient(lan, host, address, every);
    await client.answeredBy();
    return client;
  }

  private constructor(lan: Lan, host: string, address: string, every: Ms) {
    const args = [PROCESS, address, `${every}`, `${TIMEOUT}`];
    this.#child = lan.spawnObserver(host, process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [start, end, by, problem, whole] = JSON.parse(line);
      this.requests.add({ start, end, by: by ?? undefined, problem: problem ?? undefined, whole });
    });
  }

  /** The first request that is started from now on and answered by this host, or by any. `limit`: how long that may take. */
  async answeredBy(host?: string, limit: Ms = 16_000): Promise<VipRequest> {
    const since = wallNow();
    return this.requests.waitFor(
      ({ start, by }) => start >= since && by !== undefined && (host === undefined || by === host),
      { from: this.requests.all.length, wanted: `answered by ${host ?? 'anybody'}`, limit },
    );
  }

  /** What became of the requests that were started from then on until now. Resolves when all of them have ended. */
  async report(since: Ms = 0): Promise<VipReport> {
    const until = wallNow();
    await this.requests.waitFor(({ whole }) => whole >= until, { from: this.requests.all.length });
    return reportOf(this.requests.all.filter(({ start }) => start >= since && start < until));
  }

  /** Resolves when its last request has ended. */
  async stop(): Promise<VipReport> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await within(ended, 'a client to end');
    return reportOf(this.requests.all);
  }
}

/** What the time at which something was read differs by from the time at which it was so, on a busy machine. */
const MARGIN: Ms = 20;

/**
 * Those that failed, but for what was under way as another host took the address from one that had it: of such a connection that host knows
 * nothing. `moves`: these times.
 */
export function failedBeside(moves: readonly Ms[], requests: readonly VipRequest[]): VipRequest[] {
  const isUnderWay = ({ start, end }: VipRequest) => moves.some((at) => start < at + MARGIN && at < end + MARGIN);
  return requests.filter((request) => request.by === undefined && !isUnderWay(request));
}

function reportOf(ended: readonly VipRequest[]): VipReport {
  const requests = ended.toSorted((a, b) => a.start - b.start);
  const good = requests.filter(({ by }) => by !== undefined);
  const answered: Record<string, number> = {};
  for (const { by = '' } of good) answered[by] = (answered[by] ?? 0) + 1;
  const failed = requests.length - good.length;
  return { sent: requests.length, failed, answered, gap: longestStep(good), stall: longestStep(requests) };
}

function longestStep(requests: readonly VipRequest[]): Ms {
  return requests.reduce((longest, { start }, i) => Math.max(longest, start - (requests[i - 1]?.start ?? start)), 0);
}
