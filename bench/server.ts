import { createServer } from 'node:net';
import type { Entrant } from './entrants.ts';
import { answers } from './probe.ts';
import type { Child, Processes } from './processes.ts';
import type { Protocol, ServerName, Work } from './works.ts';

/** What a server under test is given. */
export interface Setting {
  readonly processes: Processes;
  /** Its own, empty directory. Removed at the end. */
  readonly directory: string;
  /** Already running. */
  readonly origin: { readonly host: string; readonly port: number };
  readonly certificate: Certificate;
  readonly cores: readonly number[] | undefined;
  readonly workers: number;
  /** Where to write the access log; `undefined`: nowhere. */
  readonly accessLog: string | undefined;
  /** How much its cache may hold. */
  readonly cacheMiB: number;
  /** Where Portico's profiles go; `undefined`: none are made. */
  readonly profileDirectory: string | undefined;
}

/** EC P-256, self-signed. PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants it. */
  readonly both: string;
}

/** A server that runs: where it listens. `https` has HTTP/2 too. */
export interface RunningServer {
  readonly child: Child;
  readonly http: string;
  readonly https?: string;
}

/** A way to run a server. */
export interface ServerKind extends Entrant {
  readonly name: ServerName;
  readonly protocols: readonly Protocol[];
  /** The largest body that its cache takes. Default: any. */
  readonly largestHitBytes?: number;
  /** Whether its cache is in its own memory, and grows there as it is filled. */
  readonly cachesInMemory: boolean;
  start(setting: Setting, signal: AbortSignal): Promise<RunningServer>;
}

export function isAble({ protocols, largestHitBytes = Infinity }: ServerKind, work: Work): boolean {
  return protocols.includes(work.protocol) && !(work.cached && work.bodyBytes > largestHitBytes);
}

/** Some ports that were free just now, all different. The servers beside us cannot be asked to pick one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(Array.from({ length: count }, holdPort));
  return Promise.all(holders.map(release));
}

type Holder = ReturnType<typeof createServer>;

function holdPort(): Promise<Holder> {
  const { promise, resolve, reject } = Promise.withResolvers<Holder>();
  const holder = createServer();
  holder.once('error', reject).listen(0, '127.0.0.1', () => resolve(holder));
  return promise;
}

function release(holder: Holder): Promise<number> {
  const address = holder.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port');
  return new Promise((resolve) => holder.close(() => resolve(address.port)));
}

/** How long a server may take to answer its first request. */
export const START_MS = 20_000;

/** Waits until it answers; throws with its last words when it ends before that, or never does. */
export async function untilReady(child: Child, url: string, signal: AbortSignal): Promise<void> {
  let end: string | undefined;
  child.ended.then((how) => {
    end = how;
  });
  const deadline = performance.now() + START_MS;
  for (;;) {
    if (await answers(url)) return;
    signal.throwIfAborted();
    if (end !== undefined) throw new Error(`it did not start (${end}): ${child.complaint}`);
    if (performance.now() > deadline) throw new Error(`it does not answer at ${url}: ${child.complaint}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
