import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { monotonicNow } from '../base/monotonic.ts';
import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { FromAgent, ToAgent } from '../vrrp/agent/messages.ts';

export interface VrrpProcessOptions {
  readonly log: EventLog;
  /** Of each message that is no matter of this process' life. */
  readonly onMessage: (message: FromAgent) => void;
  /** One is there, for the first time or after a death: it knows nothing yet. */
  readonly onReady: () => void;
  /** It died, and `how`; another one follows. */
  readonly onAway: (how: string) => void;
  /** It is there and says nothing, as if it were not; or it does again. */
  readonly onSilent: (isSilent: boolean) => void;
  /** In place of the agent's own. */
  readonly program?: URL;
}

const PROGRAM = new URL('../vrrp.ts', import.meta.url);

/**
 * The agent runs before all that is not real time. V8 has threads that collect garbage and compile beside it, and waits for them at
 * times; they are no more than ordinary ones, and so on a busy machine it stood still for up to 460 ms until they had their turn.
 */
const ALONE = ['--single-threaded'];

/** Who dies for the first time is replaced at once. From the second time on there is a pause, ever longer. */
const FIRST_PAUSE: Ms = 100;
const LONGEST_PAUSE: Ms = 10_000;
/** After this long a death is the first again. */
const SETTLED_AFTER: Ms = 60_000;
/** An agent that is still there so long after it should have left, or ended, does not listen. */
const OVERDUE: Ms = 2_000;

/**
 * It says how all stands each second. Who says nothing for so long does not answer: it may have hung for as long as its addresses live, and
 * the kernel has taken them. Somewhat later it is killed, and followed by another. Counted is the time in which this process looked, each
 * so often: one that was held up itself has not looked.
 */
const LOOK: Ms = 500;
const SILENT_AFTER: Ms = 5_000;
const HUNG_AFTER: Ms = 15_000;
/** Until it is ready: it tries the network first. */
const LONGEST_START: Ms = 60_000;

/** The agent's process, from its first start to its end: one that dies is followed by another. */
export class VrrpProcess {
  readonly #options: VrrpProcessOptions;
  #child: ChildProcess | undefined;
  #isReady = false;
  #realTime: string | undefined;
  #deaths = 0;
  #startedAt: Ms = Number.NEGATIVE_INFINITY;
  #pause: Ms = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;
  #overdue: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;
  /** Looked at for so long since it said something. */
  #silentFor: Ms = 0;
  #isSilent = false;
  readonly #left = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();

  /** Resolves when it is ready, or with an `Error` that says why it never will be; nothing is left running then. */
  static async start(options: VrrpProcessOptions): Promise<VrrpProcess> {
    const process = new VrrpProcess(options);
    const problem = await process.#start();
    if (problem === undefined) return process;
    process.#isStopping = true;
    throw new Error(problem);
  }

  private constructor(options: VrrpProcessOptions) {
    this.#options = options;
  }

  /** It is there, and answers. */
  get isReady(): boolean {
    return this.#isReady && !this.#isSilent;
  }

  /** `false`: it is there and says nothing, and unless it does soon it is replaced. */
  get answers(): boolean {
    return !this.#isSilent;
  }

  get deaths(): number {
    return this.#deaths;
  }

  /** Why it does not run before all that is not real time; `undefined`: it does. */
  get realTime(): string | undefined {
    return this.#realTime;
  }

  /** Lost while there is none: its successor is told all anew. */
  send(message: ToAgent): void {
    if (this.#isReady && this.#child?.connected === true) this.#child.send(message, ignore);
  }

  /**
   * Has it leave, within so long, and then at once: it is never killed while it has addresses, if it listens. Resolves when it has none
   * any more; the hooks that come after that go on until `ended`.
   */
  async stop(within: Ms): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    if (this.#child === undefined) {
      this.#hasEnded();
      return;
    }
    if (!this.isReady) this.#child.kill('SIGKILL');
    const atOnce = setTimeout(() => this.#stopAtOnce(within), within);
    this.#killIn(within + OVERDUE);
    this.send({ type: 'stop', atOnce: within === 0 });
    await this.#left.promise;
    clearTimeout(atOnce);
  }

  /** Resolves when it has ended, once it was stopped. */
  get ended(): Promise<void> {
    return this.#gone.promise;
  }

  #stopAtOnce(after: Ms): void {
    if (after > 0) this.#options.log.warn('the VRRP agent leaves at once: hooks took too long', { after_ms: after });
    this.send({ type: 'stop', atOnce: true });
  }

  #killIn(delay: Ms): void {
    clearTimeout(this.#overdue);
    this.#overdue = setTimeout(() => {
      this.#options.log.error('the VRRP agent did not end, and is killed');
      this.#child?.kill('SIGKILL');
    }, delay);
  }

  #hasEnded(): void {
    clearTimeout(this.#overdue);
    this.#left.resolve();
    this.#gone.resolve();
  }

  /** Resolves with what is in the way, if anything is. */
  #start(): Promise<string | undefined> {
    const program = fileURLToPath(this.#options.program ?? PROGRAM);
    const child = fork(program, { serialization: 'advanced', execArgv: [...process.execArgv, ...ALONE] });
    this.#child = child;
    this.#startedAt = monotonicNow();
    this.#silentFor = 0;
    this.#looks = setInterval(() => this.#look(child), LOOK);
    return new Promise((resolve) => {
      child.on('message', (message: FromAgent) => {
        this.#heard();
        if (message.type === 'refused') resolve(message.problem);
        else if (message.type === 'ready') {
          this.#isReady = true;
          this.#realTime = message.realTime;
          resolve(undefined);
          this.#options.onReady();
        } else if (message.type === 'left') this.#hasLeft(message.hooks);
        else this.#options.onMessage(message);
      });
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => {
        resolve(`the agent ended with ${signal ?? `status ${code}`}`);
        this.#ended(signal ?? `status ${code}`);
      });
    });
  }

  #look(child: ChildProcess): void {
    this.#silentFor += LOOK;
    if (this.#isStopping) return;
    const { log, onSilent } = this.#options;
    if (this.#silentFor >= (this.#isReady ? HUNG_AFTER : LONGEST_START)) child.kill('SIGKILL');
    else if (this.#isReady && !this.#isSilent && this.#silentFor >= SILENT_AFTER) {
      this.#isSilent = true;
      log.error('the VRRP agent does not answer', { for_ms: this.#silentFor, killed_after_ms: HUNG_AFTER });
      onSilent(true);
    }
  }

  #heard(): void {
    this.#silentFor = 0;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#options.log.info('the VRRP agent answers again');
    this.#options.onSilent(false);
  }

  #hasLeft(hooks: Ms): void {
    if (!this.#isStopping) return;
    this.#left.resolve();
    this.#killIn(hooks + OVERDUE);
  }

  #ended(how: string): void {
    const wasReady = this.#isReady;
    this.#child = undefined;
    this.#isReady = false;
    this.#isSilent = false;
    clearInterval(this.#looks);
    if (this.#isStopping) this.#hasEnded();
    // Who never was ready would not be the next time.
    if (this.#isStopping || (!wasReady && this.#deaths === 0)) return;
    this.#deaths += 1;
    if (monotonicNow() - this.#startedAt > SETTLED_AFTER) this.#pause = 0;
    const pause = this.#pause;
    this.#pause = Math.min(Math.max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE);
    this.#options.log.error('the VRRP agent died, a new one is started', { backoff_ms: pause, how });
    if (wasReady) this.#options.onAway(how);
    this.#restart = setTimeout(() => void this.#start(), pause);
  }
}

/** A channel that closed meanwhile. */
function ignore(): void {}
