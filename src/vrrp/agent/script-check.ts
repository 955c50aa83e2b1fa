import { type ChildProcess, spawn } from 'node:child_process';
import type { TrackStatus } from '../model.ts';
import type { ScriptPlan } from '../plan.ts';
import { killGroup } from './hook-runner.ts';

/**
 * Runs a script now and then: status 0 is good, anything else bad, as is what takes longer than its time. The first result counts at
 * once, later ones when there are `rise` or `fall` of them in a row.
 */
export class ScriptCheck {
  readonly plan: ScriptPlan;
  readonly #onStatus: (status: TrackStatus) => void;
  readonly #timer: NodeJS.Timeout;
  #child: ChildProcess | undefined;
  #status: TrackStatus | undefined;
  #against = 0;

  constructor(plan: ScriptPlan, onStatus: (status: TrackStatus) => void) {
    this.plan = plan;
    this.#onStatus = onStatus;
    this.#timer = setInterval(() => this.#run(), plan.interval);
    this.#run();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#child !== undefined) killGroup(this.#child);
    this.#child = undefined;
  }

  /** One at a time: an interval in which the last one still runs is left out. */
  #run(): void {
    if (this.#child !== undefined) return;
    const [program, ...args] = this.plan.command;
    const child = spawn(program as string, args, { stdio: 'ignore', detached: true });
    this.#child = child;
    const overdue = setTimeout(() => killGroup(child), this.plan.timeout);
    const end = (isGood: boolean) => {
      clearTimeout(overdue);
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#take(isGood ? 'up' : 'down');
    };
    child.on('error', () => end(false));
    child.on('exit', (code) => end(code === 0));
  }

  #take(status: TrackStatus): void {
    if (status === this.#status) {
      this.#against = 0;
      return;
    }
    this.#against += 1;
    const { rise, fall } = this.plan;
    if (this.#status !== undefined && this.#against < (status === 'up' ? rise : fall)) return;
    this.#against = 0;
    this.#status = status;
    this.#onStatus(status);
  }
}
