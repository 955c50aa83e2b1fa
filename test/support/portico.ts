import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccessLog } from './access-log.ts';
import { EventLog, type LogEvent } from './event-log.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { within } from './wait.ts';

/** What is tested; another build (`dist/main.js`, say) can be named in the environment. */
export const MAIN = process.env.PORTICO_MAIN ?? fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where the configuration file is written; by default a new temporary directory. */
  readonly dir?: string;
}

interface Listening {
  readonly address: string;
  readonly protocol: 'http' | 'https';
}

/** A running `portico run -c FILE`. A configuration that is an object gets its `state_dir` in the temporary directory. */
export async function startPortico(config: object | string, options: StartOptions = {}): Promise<Portico> {
  const dir = options.dir ?? (await tempDir());
  const file = join(dir, 'portico.yaml');
  await writeFile(file, asText(config, dir));
  const child = spawn(process.execPath, [MAIN, 'run', '-c', file], {
    cwd: dir,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const portico = new Portico(child, dir, file);
  atTeardown(() => portico.end());
  await portico.ready();
  return portico;
}

export class Portico {
  readonly dir: string;
  /** The configuration file. */
  readonly file: string;
  /** A copy of everything it wrote to standard error. */
  readonly logFile: string;
  readonly events = new EventLog();
  /** The access log, unless it goes to a file. */
  readonly accessLog = new AccessLog();
  readonly #child: ChildProcess;
  /** The exit status; minus one when a signal ended it. */
  readonly exited: Promise<number>;
  #listening: readonly Listening[] = [];
  #output = '';

  constructor(child: ChildProcess, dir: string, file: string) {
    this.#child = child;
    this.dir = dir;
    this.file = file;
    this.logFile = join(dir, 'events.log');
    const copy = createWriteStream(this.logFile);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      copy.write(text);
      this.events.push(text);
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.accessLog.push(text);
    });
    this.exited = once(child, 'close').then(([code, signal]) => {
      copy.end();
      const reason = `portico has ended (${signal ?? `exit status ${code}`})`;
      this.events.end(reason);
      this.accessLog.end(reason);
      return code ?? -1;
    });
    process.once('exit', killChild);
    this.exited.then(() => process.removeListener('exit', killChild));
    function killChild() {
      child.kill('SIGKILL');
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it wrote to standard output: the access log, unless that goes to a file. */
  get output(): string {
    return this.#output;
  }

  async ready(): Promise<void> {
    const event = await this.events.waitFor('ready', { limit: 9000 });
    this.#listening = event.listeners as readonly Listening[];
  }

  /** The port of the listener at this place of the configuration. */
  port(index = 0): number {
    const address = this.#listener(index).address;
    return Number(address.slice(address.lastIndexOf(':') + 1));
  }

  /** `http://127.0.0.1:43121`, without a slash at the end. */
  url(index = 0): string {
    const { protocol, address } = this.#listener(index);
    return `${protocol}://${address.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]')}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Writes a new configuration and sends SIGHUP; resolves with the event that tells the outcome. */
  async reload(config: object | string): Promise<LogEvent> {
    await writeFile(this.file, asText(config, this.dir));
    const from = this.events.all.length;
    this.signal('SIGHUP');
    const isOutcome = ({ message }: LogEvent) => message === 'reloaded' || message === 'reload refused';
    const event = await this.events.waitFor(isOutcome, { from, limit: 9000 });
    if (event.message === 'reloaded') this.#listening = event.listeners as readonly Listening[];
    return event;
  }

  /** SIGTERM, and the exit status. */
  async stop(limit = 10_000): Promise<number> {
    this.signal('SIGTERM');
    return within(this.exited, () => `portico to stop after SIGTERM; the log ends with\n${this.events.tail()}`, limit);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** For the teardown: gone, whatever state it is in. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      await this.stop(2000);
    } catch {
      await this.kill();
    }
  }

  #listener(index: number): Listening {
    const listener = this.#listening[index];
    if (listener === undefined) throw new Error(`there is no listener ${index}: ${JSON.stringify(this.#listening)}`);
    return listener;
  }
}

function asText(config: object | string, dir: string): string {
  if (typeof config === 'string') return config;
  const { node } = config as { node?: object };
  return JSON.stringify({ ...config, node: { state_dir: join(dir, 'state'), ...node } }, null, 2);
}
