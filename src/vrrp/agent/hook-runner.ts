import { type ChildProcess, spawn } from 'node:child_process';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { HookName } from '../model.ts';
import type { Command } from '../plan.ts';

export interface HookRun {
  readonly hook: HookName;
  readonly commands: readonly Command[];
  /** All of them together. */
  readonly deadline: Ms;
  /** What must have come first. */
  readonly after?: Promise<void> | undefined;
  /** Beside what this process has. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told once: whether all of them ended well, in time. */
  readonly onEnd?: (isGood: boolean) => void;
}

/**
 * Runs an instance's hooks, one after the other in the order in which things happened, and each command to its end: an
 * `on_backup` never overtakes the `on_active` before it. What is overdue is killed with all that it has started.
 */
export class HookRunner {
  readonly #log: EventLog;
  readonly #waiting: HookRun[] = [];
  #running: Promise<void> | undefined;
  /** When the one that runs is overdue. */
  #until: Ms = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  run(run: HookRun): void {
    this.#waiting.push(run);
    this.#running ??= this.#runAll();
  }

  /** Resolves when all of them have ended. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** The longest that may take, from when they are not to wait for anything else. */
  get timeLeft(): Ms {
    if (this.#running === undefined) return 0;
    const running = Math.max(0, this.#until - performance.now());
    return this.#waiting.reduce((sum, { deadline }) => sum + deadline, running);
  }

  async #runAll(): Promise<void> {
    for (let run = this.#waiting.shift(); run !== undefined; run = this.#waiting.shift()) {
      this.#until = performance.now() + run.deadline;
      await run.after;
      const isGood = await this.#runOne(run);
      run.onEnd?.(isGood);
    }
    this.#running = undefined;
  }

  async #runOne({ hook, commands, deadline, environment }: HookRun): Promise<boolean> {
    this.#until = performance.now() + deadline;
    for (const command of commands) {
      const problem = await ended(command, this.#until - performance.now(), environment);
      if (problem === undefined) continue;
      this.#log.warn('a hook failed', { hook, command, problem, instance: environment.PORTICO_INSTANCE });
      return false;
    }
    return true;
  }
}

/** `undefined`: it ended well. Never rejects. */
function ended(
  [program, ...args]: Command,
  within: Ms,
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawned(program as string, args, environment);
    if (child instanceof Error) {
      resolve(child.message);
      return;
    }
    const overdue = setTimeout(
      () => {
        killGroup(child);
        resolve(`it took longer than its time`);
      },
      Math.max(0, within),
    );
    const settle = (problem: string | undefined) => {
      clearTimeout(overdue);
      resolve(problem);
    };
    child.on('error', (error) => settle(error.message));
    child.on('exit', (code, signal) => settle(code === 0 ? undefined : `it ended with ${signal ?? `status ${code}`}`));
  });
}

/** In a group of its own, so that what it has started can be ended with it. Node throws some errors of the start, and tells others. */
export function spawned(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess | Error {
  try {
    return spawn(program, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...environment } });
  } catch (error) {
    return error as Error;
  }
}

export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
