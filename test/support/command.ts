import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN } from './portico.ts';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  /** Lines, without the last line feed. */
  readonly stderr: readonly string[];
}

/** `portico ARGS` to its end. `user`: whom it runs as; only root can choose. `env`: beside the test's own. */
export async function portico(
  args: readonly string[],
  { cwd, user, env }: { cwd?: string; user?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<CommandResult> {
  const as = user === undefined ? {} : { uid: user, gid: user };
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, ...env },
    ...as,
  });
  atTeardown(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await within(once(child, 'close'), () => `portico to end; it said ${stdout}${stderr}`, 9000);
  return { status, stdout, stderr: stderr === '' ? [] : stderr.replace(/\n$/, '').split('\n') };
}
