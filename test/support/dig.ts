import { execFile } from 'node:child_process';
import type { HostPort } from '../../src/base/address.ts';

/**
 * What `dig` or `kdig` (their arguments are much alike) says of a question, the lines that are records: owner, TTL, class,
 * type and RDATA, with a blank between them.
 */
export async function dig(
  program: 'dig' | 'kdig',
  { host, port }: HostPort,
  ...question: readonly string[]
): Promise<readonly string[]> {
  const args = [`@${host}`, '-p', String(port), ...question];
  const said = await new Promise<string>((resolve) => {
    execFile(program, args, { timeout: 20_000, maxBuffer: 64 * 2 ** 20 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  return lines.map((line) => line.replace(/\s+/g, ' '));
}
