import { fileURLToPath } from 'node:url';
import { command, type ExitStatus, Failure, NO_OPERANDS, type Options, type Surroundings } from './cli/command.ts';
import { runCommandLine } from './cli/command-line.ts';
import { COMMANDS } from './cli/commands.ts';
import { Screen } from './cli/screen.ts';
import { IMPORT } from './control/import-command.ts';
import { RESOLVE } from './control/resolve-command.ts';
import type { Control } from './control.ts';

/** The command line: what talks to a running node is in src/cli, what is a node is here. */

/** One Ctrl-C comes twice where npm stands between: from the terminal, and passed on. In milliseconds. */
const SAME_SIGNAL = 300;

const DEFAULT_FILE = 'portico.yaml';

const FILE = {
  config: { kind: 'text', short: 'c', value: 'FILE', says: 'its configuration (portico.yaml)' },
} as const satisfies Options;

const RUN = command({
  name: 'run',
  operands: NO_OPERANDS,
  summary: 'runs a node in the foreground',
  details: [],
  examples: [['run -c my.yaml', 'until TERM or INT; HUP reloads my.yaml']],
  options: FILE,
  run: (_, { config = DEFAULT_FILE }) => unlessRefused(async () => void (await run(config))),
});

const CHECK = command({
  name: 'check',
  operands: NO_OPERANDS,
  summary: 'checks a configuration, and says everything that is wrong with it',
  details: [],
  examples: [['check -c my.yaml', 'status 1 when a node would refuse it']],
  options: FILE,
  run: (_, { config = DEFAULT_FILE }) => unlessRefused(() => checkFile(config)),
});

const QUICKSTART = command({
  name: 'quickstart',
  operands: NO_OPERANDS,
  summary: 'a node in front of two sample origins',
  details: [],
  examples: [],
  options: {},
  hidden: true,
  run: () => unlessRefused(quickstart),
});

export async function main(argv: readonly string[]): Promise<void> {
  const { env } = process;
  // A node leaves its standard streams alone: only who uses them opens them.
  const surroundings: Surroundings = {
    out: new Screen(() => process.stdout, env),
    err: new Screen(() => process.stderr, env),
    stdin: () => process.stdin,
    env,
    stateDirOf,
  };
  const status = await runCommandLine(argv, [RUN, CHECK, RESOLVE, IMPORT, ...COMMANDS, QUICKSTART], surroundings);
  if (status !== 0) process.exitCode = status;
}

/** The configuration is read by the same parser, which need not be loaded for `--admin`. */
async function stateDirOf(file: string): Promise<string> {
  const { readStateDir } = await import('./config/state-dir.ts');
  const found = readStateDir(file);
  if (found.ok) return found.path;
  throw new Failure(`${file}: ${found.reason}; the node is found by its configuration (-c FILE), or by --admin URL`);
}

/** What a refusal has to say is lines of its own, with the places in the file. */
async function unlessRefused(act: () => Promise<void>): Promise<ExitStatus> {
  const { RefusedError } = await import('./control/refused-error.ts');
  try {
    await act();
    return 0;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    process.stderr.write(`${error.problems.join('\n')}\n`);
    return 1;
  }
}

async function run(file: string, beforeExit: () => Promise<void> = async () => {}): Promise<Control> {
  const { Control } = await import('./control.ts');
  // Signals are heard from here on: one that comes right after "ready" must not find the system's default, to kill.
  const starting = Control.start(file);
  const withControl = (act: (control: Control) => unknown) => () => void starting.then(act, () => {});
  const stop = withControl(async (control) => {
    await control.stop();
    await beforeExit();
    process.exit(0);
  });
  let stoppingSince: number | undefined;
  const stopOrExit = (signal: NodeJS.Signals) => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      stop();
    } else if (signal !== 'SIGINT' || performance.now() - stoppingSince > SAME_SIGNAL) {
      // A second signal: at once.
      process.exit(1);
    }
  };
  process.on('SIGTERM', stopOrExit);
  process.on('SIGINT', stopOrExit);
  process.on(
    'SIGHUP',
    withControl((control) => control.reload()),
  );
  process.on(
    'SIGUSR1',
    withControl((control) => control.reopenLogs()),
  );
  return starting;
}

async function checkFile(file: string): Promise<void> {
  const { check } = await import('./control/loading.ts');
  for (const warning of await check(file)) process.stdout.write(`warning: ${warning}\n`);
  process.stdout.write(`${file}: good\n`);
}

async function quickstart(): Promise<void> {
  const { startSampleOrigins } = await import('./quickstart/sample-origins.ts');
  const { printWhatToTry } = await import('./quickstart/what-to-try.ts');
  const origins = await startSampleOrigins();
  try {
    const file = fileURLToPath(new URL('../config/quickstart.yaml', import.meta.url));
    const control = await run(file, () => origins.close());
    const urls = control.listeners.map(({ protocol, address }) => `${protocol}://${address}`);
    const [dns] = control.dnsListeners;
    printWhatToTry((text) => process.stdout.write(text), { urls, admin: control.adminUrl, dns });
  } catch (error) {
    await origins.close();
    throw error;
  }
}

if (import.meta.main) await main(process.argv.slice(2));
