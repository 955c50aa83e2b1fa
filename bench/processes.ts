import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { treePids } from './cpu-time.ts';

/** Everything that a run starts, so that everything is ended, whatever happens. */

export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Runs on these cores only; `undefined`: on any. */
  readonly cores?: readonly number[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A file descriptor for its standard output. Default: it is collected in `output`. */
  readonly stdout?: number;
  readonly onErrorLine?: (line: string) => void;
}

/** How long a server may take to end after SIGTERM before its whole tree is killed. */
const STOP_MS = 8_000;

/** Lines of standard error that are kept, to tell why a start failed. */
const KEPT_LINES = 20;

export class Processes {
  readonly #running = new Set<Child>();

  start(command: Command): Child {
    const child = new Child(command);
    this.#running.add(child);
    child.ended.then(() => this.#running.delete(child));
    return child;
  }

  /** Ends all of them, the newest first: proxies before their origin. */
  async close(): Promise<void> {
    for (const child of [...this.#running].reverse()) {
      const orderly = await child.close();
      if (!orderly) console.error(`bench: ${child.name} did not end within ${STOP_MS} ms of SIGTERM and was killed`);
    }
  }

  /** For the last moment, when there is no time to wait. */
  killNow(): void {
    for (const child of this.#running) child.killTree();
  }
}

export class Child {
  /** Resolves when it has ended, with how: `exit status 1`. Never rejects. */
  readonly ended: Promise<string>;
  /** The program and its first arguments, for messages. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #errorLines: string[] = [];
  #output = '';
  #running = true;

  constructor({ argv, cores, env, cwd, stdout, onErrorLine }: Command) {
    this.name = argv.slice(0, 3).join(' ');
    const [program, ...args] = cores === undefined ? argv : ['taskset', '-c', cores.join(','), ...argv];
    const stdio: StdioOptions = ['ignore', stdout ?? 'pipe', 'pipe'];
    // Detached: Ctrl-C in a terminal reaches us alone, and we end the children in order.
    this.#process = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio, detached: true });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    if (this.#process.stderr !== null) {
      createInterface({ input: this.#process.stderr }).on('line', (line) => {
        if (this.#errorLines.push(line) > KEPT_LINES) this.#errorLines.shift();
        onErrorLine?.(line);
      });
    }
    this.ended = new Promise((resolve) => {
      this.#process.on('error', (error) => resolve(error.message));
      this.#process.on('close', (status, signal) => resolve(signal ?? `exit status ${status}`));
    });
    this.ended.then(() => {
      this.#running = false;
    });
  }

  /** 0 when it could not be started at all; `ended` says why. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What it has written to standard output. */
  get output(): string {
    return this.#output;
  }

  /** The last lines of its standard error. */
  get complaint(): string {
    return this.#errorLines.join('\n');
  }

  /** Asks it to end, and kills it when it does not. Resolves when it has ended: whether it did so when asked. */
  async close(): Promise<boolean> {
    let orderly = true;
    if (!this.#running) return orderly;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => {
      orderly = false;
      this.killTree();
    }, STOP_MS);
    await this.ended;
    clearTimeout(timer);
    return orderly;
  }

  /** Kills its descendants, and what is left of its process group: a parent that died takes no children along. */
  killTree(): void {
    if (!this.#running || this.pid === 0) return;
    for (const pid of [...treePids(this.pid), -this.pid]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended first.
      }
    }
  }
}
