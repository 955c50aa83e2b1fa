import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { HostPort } from '../../src/base/address.ts';
import { DnsClient } from './dns-client.ts';
import { atTeardown } from './teardown.ts';
import { PATIENCE, within } from './wait.ts';

/** How one of Debian's name servers is run: in the foreground, and with nothing outside its directory. */
export interface NameServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it listens. */
  readonly at: HostPort;
  /** A name that it has an answer to once it is ready, be that an error. Default: the root. */
  readonly ask?: string;
}

/** Resolves when it answers. */
export async function startNameServer({ command, args, at, ask = '.' }: NameServerCommand): Promise<NameServer> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = new NameServer(at, command, child);
  atTeardown(() => server.end());
  await within(Promise.race([answering(at, ask), server.ended]), `${command} to answer`, 9000);
  if (!server.isAlive) throw new Error(`${command} did not start\n${server.log}`);
  return server;
}

export class NameServer implements HostPort {
  readonly host: string;
  readonly port: number;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #log = '';

  constructor({ host, port }: HostPort, command: string, child: ChildProcess) {
    this.host = host;
    this.port = port;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    }
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const { promise: failed, resolve } = Promise.withResolvers<void>();
    child.once('error', (error) => {
      this.#log += `${command}: ${error.message}`;
      resolve();
    });
    const closed = once(child, 'close').catch(() => {});
    this.ended = Promise.race([closed, failed]).then(() => {
      process.removeListener('exit', kill);
    });
  }

  get isAlive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All that it has said. */
  get log(): string {
    return this.#log;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    await this.ended;
    clearTimeout(late);
  }
}

async function answering(at: HostPort, name: string): Promise<void> {
  const client = await DnsClient.open(at);
  for (;;) {
    try {
      await client.ask({ name, type: 6, flags: 0 }, 100);
      client.close();
      return;
    } catch {
      if (client.isClosed) return;
    }
  }
}
