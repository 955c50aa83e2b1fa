import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { formatHostPort } from '../../src/base/address.ts';
import type { Lan } from './lan.ts';

const PROCESS = new URL('./host-name-process.ts', import.meta.url).pathname;

/** A host says its name to whoever asks at this port, ahead of ordinary processes. Resolves when it does. */
export async function serveName(lan: Lan, host: string, port = 80): Promise<void> {
  const args = [PROCESS, host, String(port)];
  const server = lan.spawnObserver(host, process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout as NodeJS.ReadableStream, 'data');
}

/** Which host answers at that address within so many seconds; `/slow`: 300 ms later. Rejects when none does. */
export async function askName(
  lan: Lan,
  from: string,
  address: string,
  path: '/' | '/slow' = '/',
  limit = 5,
): Promise<string> {
  const url = `http://${formatHostPort(address, 80)}${path}`;
  const [command = '', ...args] = [...lan.prefix(from), 'curl', '-sS', '--max-time', String(limit), url];
  return (await promisify(execFile)(command, args)).stdout;
}
