import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN } from '../support/portico.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';

/** The real program, with pipes around it or on a terminal of its own. */

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For standard input, which is then ended. */
  readonly input?: string;
}

/** Runs a command to its end. */
export async function portico(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  return startCommand(args, surroundings).ended();
}

export function startCommand(args: readonly string[], { cwd, env, input = '' }: Surroundings = {}): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...environment(), ...env } });
  child.stdin.on('error', () => {}); // Few commands read it.
  child.stdin.end(input);
  return new RunningCommand(child);
}

/** On a terminal of `columns`, by script(1) of util-linux: standard error is among standard output. */
export function startOnTerminal(
  args: readonly string[],
  { cwd, env, columns = 100 }: Surroundings & { readonly columns?: number } = {},
): RunningCommand {
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const command = `stty cols ${columns} rows 24; exec ${words.join(' ')}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { ...environment(), TERM: 'xterm', SHELL: '/bin/sh', ...env },
  });
  child.stdin.on('error', () => {});
  return new RunningCommand(child);
}

/** Without what would change how a command talks, or whom it talks to. */
function environment(): Record<string, string | undefined> {
  const { FORCE_COLOR: _, NO_COLOR: __, PORTICO_PASSWORD: ___, NODE_DEBUG: ____, ...rest } = process.env;
  return rest;
}

export class RunningCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown[]>;
  #stdout = '';
  #stderr = '';
  #onText: (() => void) | undefined;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#closed = once(child, 'close');
    atTeardown(() => child.kill('SIGKILL'));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#onText?.();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#onText?.();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Everything that it has written so far. */
  get said(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves when it has written something like this, on either stream. */
  says(pattern: RegExp | string): Promise<void> {
    const said = new Promise<void>((resolve) => {
      this.#onText = () => {
        const text = this.#stdout + this.#stderr;
        if (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)) resolve();
      };
      this.#onText();
    });
    return within(said, () => `${pattern}; it said ${JSON.stringify(this.#stdout + this.#stderr)}`, 9000);
  }

  /** As `head` does when it has enough. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<Ended> {
    const [status] = await within(this.#closed, () => `portico to end; it said ${this.#stdout}${this.#stderr}`, 9000);
    return { status: status as number | null, stdout: this.#stdout, stderr: this.#stderr };
  }
}
