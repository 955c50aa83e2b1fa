import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Control } from '../../src/control.ts';
import { Exposition } from './exposition.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { PATIENCE } from './wait.ts';

/** A real node whose control plane runs in the thread of the test, so that it can be asked what only control knows. */
export async function startNode(config: object): Promise<Node> {
  const dir = await tempDir();
  const file = join(dir, 'portico.yaml');
  await writeFile(file, asText(config, dir));
  const node = new Node(file, dir, await Control.start(file));
  atTeardown(() => node.stop());
  return node;
}

export class Node {
  readonly control: Control;
  readonly #file: string;
  readonly #dir: string;
  #stopped: Promise<void> | undefined;

  constructor(file: string, dir: string, control: Control) {
    this.#file = file;
    this.#dir = dir;
    this.control = control;
  }

  url(index = 0): string {
    const { protocol, address } = this.control.listeners[index] as Control['listeners'][number];
    return `${protocol}://${address}`;
  }

  port(index = 0): number {
    return Number(new URL(this.url(index)).port);
  }

  async reload(config: object): Promise<void> {
    await writeFile(this.#file, asText(config, this.#dir));
    await this.control.reload();
  }

  /** The metrics page as it is. */
  page(): Exposition {
    return new Exposition(this.control.metrics.page.answer(undefined).body);
  }

  /** The metrics page once it says so: a client may have its reply before that is counted. */
  async pageWhere(isSo: (page: Exposition) => boolean): Promise<Exposition> {
    const late = performance.now() + PATIENCE;
    for (;;) {
      const page = this.page();
      if (isSo(page) || performance.now() > late) return page;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.control.stop();
    return this.#stopped;
  }
}

function asText(config: object, dir: string): string {
  const { node } = config as { readonly node?: object };
  const quiet = { logs: { level: 'error', access: 'off' } };
  return JSON.stringify({ ...quiet, ...config, node: { state_dir: join(dir, 'state'), workers: 2, ...node } });
}
