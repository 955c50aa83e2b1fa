import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Processes } from '../../bench/processes.ts';
import { freePorts } from '../../bench/server.ts';
import { pathWithServers } from '../../bin/peers.ts';
import type { ClientOrder } from './client.ts';
import { type ProxyName, startProxy } from './proxies.ts';
import type { Suite } from './suite.ts';
import type { TestOutcome } from './verdict.ts';

export interface RunOptions {
  /** Only this test, with a dump of what client and origin sent on standard output. */
  readonly id?: string | undefined;
  /** What is there when the run is over can be looked at: the proxy's files, its access log. Default: it is removed. */
  readonly keep?: boolean;
}

/** The suite takes a minute; without an answer its client would wait longer than anybody wants to. */
const CLIENT_LIMIT_MS = 180_000;

const CLIENT = resolve(import.meta.dirname, 'client.ts');

/** Plays a suite: its origin, the proxy before it, its client before that. Everything has ended when it resolves. */
export async function runSuite(suite: Suite, proxy: ProxyName, { id, keep }: RunOptions = {}): Promise<TestOutcome[]> {
  process.env.PATH = pathWithServers();
  const processes = new Processes();
  const directory = await mkdtemp(join(tmpdir(), 'portico-conformance-'));
  const killNow = () => processes.killNow();
  process.once('exit', killNow);
  try {
    await chmod(directory, 0o755); // Peers that give up root still have to get at their files.
    const originPort = await startOrigin(suite, processes, directory, id !== undefined);
    const proxyDirectory = join(directory, proxy);
    await mkdir(proxyDirectory);
    const base = await startProxy(proxy, { processes, directory: proxyDirectory, originPort });
    await untilScriptsPass(base, 'proxy');
    return await runClient(processes, { suite, base, id, outcome: join(directory, 'outcome.json') });
  } finally {
    await processes.close();
    process.removeListener('exit', killNow);
    if (keep) console.log(`The proxy's files are in ${directory}.`);
    else await rm(directory, { recursive: true, force: true });
  }
}

/** The origin before the proxy: some take an origin that is not there at first for a dead one. */
async function startOrigin(suite: Suite, processes: Processes, directory: string, dump: boolean): Promise<number> {
  const [port = 0] = await freePorts(1);
  processes.start({
    argv: [process.execPath, join(suite.directory, suite.origin)],
    cwd: suite.directory,
    // It is made to be run by npm, and reads its options as npm hands them over.
    env: { npm_config_protocol: 'http', npm_config_port: `${port}`, npm_config_pidfile: join(directory, 'origin.pid') },
    ...(dump && { stdout: 1 }),
  });
  await untilScriptsPass(`http://127.0.0.1:${port}`, 'origin');
  return port;
}

/** Waits until a script can be left at the origin, which is how each test begins. */
async function untilScriptsPass(base: string, who: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (let attempt = 0; ; attempt++) {
    const init = { method: 'PUT', body: '[]', signal: AbortSignal.timeout(2000) };
    const status = await fetch(`${base}/config/first-${who}-${attempt}`, init).then(
      (response) => response.status,
      (error: Error) => error.message,
    );
    if (status === 201) return;
    if (performance.now() > deadline) throw new Error(`the ${who} at ${base} takes no script: ${status}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

async function runClient(processes: Processes, order: ClientOrder): Promise<TestOutcome[]> {
  await writeFile(order.outcome, '');
  const client = processes.start({
    argv: [process.execPath, '--no-warnings', CLIENT, JSON.stringify(order)],
    ...(order.id !== undefined && { stdout: 1 }),
  });
  const timer = setTimeout(() => client.killTree(), CLIENT_LIMIT_MS);
  const end = await client.ended;
  clearTimeout(timer);
  const outcome = await readFile(order.outcome, 'utf8');
  if (outcome === '') throw new Error(`the suite's client ended without an outcome (${end}): ${client.complaint}`);
  return JSON.parse(outcome);
}
