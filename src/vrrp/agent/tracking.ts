import { isDeepStrictEqual } from 'node:util';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { PROXY } from '../machine/rules.ts';
import type { TrackStatus } from '../model.ts';
import type { FilePlan, ProxyPlan, VrrpPlan } from '../plan.ts';
import { FileWatch } from './file-watch.ts';
import { ProxyCheck } from './proxy-check.ts';
import { ScriptCheck } from './script-check.ts';

export interface TrackingOptions {
  readonly log: EventLog;
  /** `adds`: of what tells a weight itself. */
  readonly onTracked: (name: string, status: TrackStatus, adds: number) => void;
}

export interface TrackedNow {
  readonly name: string;
  readonly status: TrackStatus;
  readonly adds: number;
}

/** What is watched beside interfaces: the proxy of this node, scripts, and files. */
export class Tracking {
  readonly #options: TrackingOptions;
  readonly #known = new Map<string, TrackedNow>();
  #scripts: ScriptCheck[] = [];
  #files: FileWatch[] = [];
  #proxy: ProxyPlan | undefined;
  #check: ProxyCheck | undefined;
  #quiet: NodeJS.Timeout | undefined;
  /** By its signs of life, and by what it answers: it is as bad as the worse of the two. */
  readonly #proxyBy: { life: TrackStatus; answers: TrackStatus } = { life: 'up', answers: 'up' };

  constructor(options: TrackingOptions) {
    this.#options = options;
  }

  /** What is the same in both goes on as it is. */
  take({ scripts, files, proxy }: VrrpPlan): void {
    const [oldScripts, oldFiles] = [this.#scripts, this.#files];
    this.#scripts = scripts.map(
      (plan) =>
        oldScripts.find((each) => isDeepStrictEqual(each.plan, plan)) ??
        new ScriptCheck(plan, {
          log: this.#options.log,
          onStatus: (status) => this.#tell({ name: plan.name, status, adds: 0 }),
        }),
    );
    this.#files = files.map(
      (plan) =>
        oldFiles.find((each) => isDeepStrictEqual(each.plan, plan)) ??
        new FileWatch(plan, (number) => this.#tell(trackedByFile(plan, number))),
    );
    for (const each of oldScripts) if (!this.#scripts.includes(each)) each.close();
    for (const each of oldFiles) if (!this.#files.includes(each)) each.close();
    const names = new Set([PROXY, ...scripts.map(({ name }) => name), ...files.map(({ name }) => name)]);
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    this.#proxy = proxy;
    if (proxy === undefined) clearTimeout(this.#quiet);
    if (this.#check?.url === proxy?.url) return;
    this.#check?.close();
    this.#proxyIs('answers', 'up');
    this.#check =
      proxy?.url === undefined ? undefined : new ProxyCheck(proxy.url, (is) => this.#proxyIs('answers', is));
  }

  known(): readonly TrackedNow[] {
    return [...this.#known.values()];
  }

  /** Nobody serves: it is down. Without a further sign of life, or held up for as long, it is slow: that alone takes nothing away. */
  beat(serving: number, late: Ms): void {
    const proxy = this.#proxy;
    if (proxy === undefined) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#proxyIs('life', 'slow'), proxy.slowAfter);
    this.#proxyIs('life', serving === 0 ? 'down' : late >= proxy.slowAfter ? 'slow' : 'up');
  }

  proxyEnded(): void {
    clearTimeout(this.#quiet);
    this.#proxyIs('life', 'down');
  }

  close(): void {
    clearTimeout(this.#quiet);
    this.#check?.close();
    for (const each of this.#scripts) each.close();
    for (const each of this.#files) each.close();
  }

  #proxyIs(by: 'life' | 'answers', is: TrackStatus): void {
    this.#proxyBy[by] = is;
    const both = Object.values(this.#proxyBy);
    const status = both.includes('down') ? 'down' : both.includes('slow') ? 'slow' : 'up';
    if ((this.#known.get(PROXY)?.status ?? 'up') === status) return;
    if (status !== 'up') this.#options.log.warn('the proxy of this node is not well', { status, ...this.#proxyBy });
    this.#tell({ name: PROXY, status, adds: 0 });
  }

  #tell(tracked: TrackedNow): void {
    this.#known.set(tracked.name, tracked);
    this.#options.onTracked(tracked.name, tracked.status, tracked.adds);
  }
}

/** By weight 0 any number but 0 is a fault. */
function trackedByFile({ name, weight }: FilePlan, number: number): TrackedNow {
  if (weight === 0) return { name, status: number === 0 ? 'up' : 'down', adds: 0 };
  return { name, status: 'up', adds: number * weight };
}
