import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Journal } from './journal.ts';
import type { Lan } from './lan.ts';
import { within } from './wait.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

/** `portico witness` on a host. It ends with the test. */
export class Witness {
  /** What it says on standard error. */
  readonly log = new Journal<string>('line of the witness');
  readonly #child: ChildProcess;

  /** Resolves when it listens. */
  static async start(lan: Lan, host: string, keyFile: string): Promise<Witness> {
    const witness = new Witness(lan, host, keyFile);
    await witness.log.waitFor(() => true, { wanted: 'at its start', limit: 8000 });
    return witness;
  }

  private constructor(lan: Lan, host: string, keyFile: string) {
    const args = [MAIN, 'witness', '--listen', `${lan.host(host).address}:8112`, '--key-file', keyFile];
    this.#child = lan.spawn(host, process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', (line) => this.log.add(line));
  }

  /** Resolves when a node has its vote, as it said after line `from` of its log. */
  async lent(node: string, from = 0): Promise<void> {
    const isLent = (line: string) => line.includes('"vote lent"') && line.includes(`"${node}"`);
    await this.log.waitFor(isLent, { from, wanted: `of a vote for ${node}`, limit: 8000 });
  }

  /** Once, or again. */
  async kill9(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await within(ended, 'the witness to end');
  }
}
