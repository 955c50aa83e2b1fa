import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';

export interface Haproxy {
  readonly port: number;
  /** Resolves when it has ended, with what it said on standard error. */
  readonly ended: Promise<string>;
}

/**
 * Debian's HAProxy as a balancer that passes TCP on, from a free loopback port to `server`: an address and its options,
 * such as `127.0.0.1:8080 send-proxy`.
 */
export async function startHaproxy(server: string): Promise<Haproxy> {
  const dir = await tempDir('haproxy');
  const file = join(dir, 'haproxy.cfg');
  await writeFile(file, configuration(server));
  // It is handed a socket that listens: connections wait there until it is ready for them.
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  listener.close();
  const ended = endOf(child);
  atTeardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { port, ended };
}

function configuration(server: string): string {
  return `
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind fd@3
  default_backend behind
backend behind
  server portico ${server}
`;
}

async function endOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  return said;
}
