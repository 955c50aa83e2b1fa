import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { within } from './wait.ts';

export interface GdnsdSettings {
  /** Master files by the name of their zone. */
  readonly zones: Readonly<Record<string, string>>;
  /** What is in the braces of `plugins`, and of `options` beside what is written here. */
  readonly plugins?: string;
  readonly options?: string;
  /** Files that `geoip2_db` and `nets` name. */
  readonly geoip?: Readonly<Record<string, string | Uint8Array>>;
  /** Lines such as `geoip/RESOURCE/DATACENTER => DOWN`. */
  readonly adminState?: string;
  /** Where it listens, by UDP and TCP, on one free port; default 127.0.0.1. */
  readonly addresses?: readonly string[];
}

export interface Gdnsd {
  readonly port: number;
  readonly pid: number;
}

/** Debian's gdnsd with one thread for each kind of socket, in the foreground; it ends with the test. Resolves when it answers. */
export async function startGdnsd(settings: GdnsdSettings): Promise<Gdnsd> {
  const { addresses = ['127.0.0.1'], zones, geoip = {}, adminState = '' } = settings;
  const directory = await tempDir('gdnsd');
  for (const name of ['zones', 'geoip', 'state']) await mkdir(join(directory, name));
  for (const [name, content] of Object.entries(zones)) await writeFile(join(directory, 'zones', name), content);
  for (const [name, content] of Object.entries(geoip)) await writeFile(join(directory, 'geoip', name), content);
  await writeFile(join(directory, 'state', 'admin_state'), adminState);
  // It cannot be told to pick a port itself; in the rare case that another takes it first, the next is tried.
  for (let attempt = 1; ; attempt++) {
    const [port] = (await freePorts(addresses[0] as string, 1)) as [number];
    await writeFile(join(directory, 'config'), configuration(directory, addresses, port, settings));
    const child = spawn('gdnsd', ['-c', directory, 'start'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'close');
    atTeardown(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const problem = await started(child);
    if (problem === undefined) return { port, pid: child.pid as number };
    if (attempt === 5 || !problem.includes('Address already in use')) {
      throw new Error(`gdnsd did not start: ${problem}`);
    }
  }
}

function configuration(
  directory: string,
  addresses: readonly string[],
  port: number,
  { plugins = '', options = '' }: GdnsdSettings,
): string {
  const listen = addresses.map((address) => (address.includes(':') ? `"[${address}]:${port}"` : `${address}:${port}`));
  return `
options => {
  listen => [ ${listen.join(', ')} ]
  run_dir => ${directory}/run
  state_dir => ${directory}/state
  udp_threads => 1
  tcp_threads => 1
${options}
}
plugins => {
${plugins}
}
`;
}

/** Resolves when it listens, or with what it said before it ended. */
async function started(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('DNS listeners started')) resolve(undefined);
  });
  child.once('error', (error) => resolve(error.message));
  child.once('close', () => resolve(said));
  return within(promise, () => `gdnsd to start; it said ${said}`, 9000);
}
