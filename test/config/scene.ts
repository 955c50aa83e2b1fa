import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LoadResult, loadSettings } from '../../src/config/load.ts';
import { formatProblem, type Problem } from '../../src/config/problem.ts';
import type { Settings } from '../../src/config/settings.ts';
import { tempDir } from '../support/temp.ts';

/** A directory with a `portico.yaml` to load, and what else stands there. */
export class ConfigScene {
  readonly directory: string;

  static async open(): Promise<ConfigScene> {
    return new ConfigScene(await tempDir('config'));
  }

  private constructor(directory: string) {
    this.directory = directory;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  load(yaml: string | Uint8Array, env: Readonly<Record<string, string>> = {}, now?: Date): LoadResult {
    this.write('portico.yaml', yaml);
    return loadSettings(this.path('portico.yaml'), env, now);
  }

  /** Every line that an operator would read, less the name of the directory. */
  problems(yaml: string | Uint8Array, env: Readonly<Record<string, string>> = {}): string[] {
    const result = this.load(yaml, env);
    return result.ok ? [] : this.lines(result.problems);
  }

  lines(problems: readonly Problem[]): string[] {
    return problems.map((problem) => formatProblem(problem).replaceAll(`${this.directory}/`, ''));
  }

  /** The settings of a file that must be a good one. */
  settings(yaml: string | Uint8Array, env: Readonly<Record<string, string>> = {}): Settings {
    const result = this.load(yaml, env);
    if (!result.ok) throw new Error(this.lines(result.problems).join('\n'));
    return result.settings;
  }
}

/** A file that is good but for what a test puts in place of a section. */
export function config(sections: Partial<Record<'listeners' | 'sites' | 'pools' | 'rest', string>> = {}): string {
  const {
    listeners = 'listeners: [{ address: "127.0.0.1:8080", protocol: http }]',
    sites = 'sites: [{ hosts: [default], pool: app }]',
    pools = 'pools: { app: { origins: ["http://127.0.0.1:8081"] } }',
    rest = '',
  } = sections;
  return [listeners, sites, pools, rest].join('\n');
}
