import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventLog, type LogEvent } from './event-log.ts';
import type { Lan } from './lan.ts';
import { MAIN } from './portico.ts';
import { tempDir } from './temp.ts';
import { within } from './wait.ts';

export interface LanNodeEnded {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `portico run` on a host of a LAN, and the command line there: the admin listener is on its loopback alone. */
export class LanNode {
  readonly host: string;
  readonly #lan: Lan;
  readonly #dir: string;
  #child: ChildProcess | undefined;
  events = new EventLog();

  /** Made, and not yet started. */
  static async on(lan: Lan, host: string): Promise<LanNode> {
    return new LanNode(lan, host, await tempDir());
  }

  private constructor(lan: Lan, host: string, dir: string) {
    this.#lan = lan;
    this.host = host;
    this.#dir = dir;
  }

  /** `vrrp`: of its settings. What it serves is nothing to anybody, unless `more` says so. Resolves when it is ready. */
  async start(vrrp: object, more: object = {}, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const file = this.#write(vrrp, more);
    this.events = new EventLog();
    const { events } = this;
    const args = [MAIN, 'run', '-c', file];
    const child = this.#lan.spawnNice(this.host, -10, process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => events.push(text));
    child.once('close', (code, signal) => events.end(`${this.host} has ended (${signal ?? `status ${code}`})`));
    await events.waitFor('ready', { limit: 20_000 });
  }

  /** Has it take other settings, by SIGHUP. Resolves when the agent has them, too. */
  async reload(vrrp: object, more: object = {}): Promise<void> {
    this.#write(vrrp, more);
    const from = this.events.all.length;
    this.#child?.kill('SIGHUP');
    const isOutcome = ({ message }: LogEvent) => message === 'reloaded' || message === 'reload refused';
    const { message, problems } = await this.events.waitFor(isOutcome, { from, limit: 20_000 });
    if (message !== 'reloaded') throw new Error(`the reload was refused: ${problems}`);
  }

  /** SIGKILL for it and for its agent at once. */
  async kill(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = once(child, 'close');
    child.kill('SIGSTOP');
    process.kill(this.agent, 'SIGKILL');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGKILL for all of it but the agent, which sees that. */
  async killProxy(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGTERM. Resolves when it has ended. */
  async stop(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await within(ended, () => `${this.host} to end: ${this.events.tail()}`, 9000);
  }

  /** The pid of the process that has the addresses. */
  get agent(): number {
    const [pid] = execFileSync('pgrep', ['-P', String(this.#child?.pid)], { encoding: 'utf8' }).split('\n');
    return Number(pid);
  }

  /** `portico ARGS` there, to its end. */
  async command(...args: readonly string[]): Promise<LanNodeEnded> {
    const whole = [MAIN, ...args, '-c', join(this.#dir, 'portico.yaml')];
    const child = this.#lan.spawn(this.host, process.execPath, whole, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [status] = await within(once(child, 'close'), () => `${args.join(' ')} to end: ${stdout}${stderr}`, 20_000);
    return { status, stdout, stderr };
  }

  /** `GET /api/v1/vrrp` as the command line shows it. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  async vrrp(): Promise<any> {
    return JSON.parse((await this.command('vrrp', 'status', '--json')).stdout);
  }

  #write(vrrp: object, more: object): string {
    const file = join(this.#dir, 'portico.yaml');
    writeFileSync(file, JSON.stringify(this.#config(vrrp, more)));
    return file;
  }

  #config(vrrp: object, { node, ...more }: { readonly node?: object } = {}): object {
    return {
      node: { name: this.host, workers: 1, state_dir: join(this.#dir, 'state'), ...node },
      listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
      sites: [{ hosts: ['default'], pool: 'app' }],
      pools: { app: { origins: ['http://127.0.0.1:9'] } },
      cache: 'off',
      admin: { listen: '127.0.0.1:0' },
      logs: { access: 'off' },
      ...more,
      vrrp,
    };
  }
}
