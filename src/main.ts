import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Control, check, RefusedError } from './control.ts';
import { startSampleOrigins } from './quickstart/sample-origins.ts';
import { printWhatToTry } from './quickstart/what-to-try.ts';

/** The command line. Exit status: 0 done, 1 refused or failed, 2 wrong usage. */

const HELP = `usage: portico COMMAND

  run [-c FILE]     run a node in the foreground (FILE: portico.yaml)
  check [-c FILE]   check a configuration, and say everything that is wrong with it
  help              this

Signals: HUP reloads the configuration, USR1 reopens the access log, TERM or INT stops gracefully, a second one at once.
`;

/** One Ctrl-C comes twice where npm stands between: from the terminal, and passed on. In milliseconds. */
const SAME_SIGNAL = 300;

class UsageError extends Error {}

export async function main(argv: readonly string[]): Promise<void> {
  try {
    await command(argv);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`portico: ${error.message}\n\n${HELP}`);
      process.exitCode = 2;
    } else {
      const problems = error instanceof RefusedError ? error.problems : [`portico: ${(error as Error).message}`];
      process.stderr.write(`${problems.join('\n')}\n`);
      process.exitCode = 1;
    }
  }
}

async function command([name, ...rest]: readonly string[]): Promise<void> {
  switch (name) {
    case 'run':
      return void (await run(fileOption(rest)));
    case 'check':
      return checkFile(fileOption(rest));
    case 'quickstart':
      return quickstart();
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return;
    case undefined:
      throw new UsageError('which command?');
    default:
      throw new UsageError(`no command "${name}"`);
  }
}

function fileOption(args: readonly string[]): string {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string', short: 'c' } } });
    return values.config ?? 'portico.yaml';
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function run(file: string, beforeExit: () => Promise<void> = async () => {}): Promise<Control> {
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

function checkFile(file: string): void {
  for (const warning of check(file)) process.stdout.write(`warning: ${warning}\n`);
  process.stdout.write(`${file}: good\n`);
}

async function quickstart(): Promise<void> {
  const origins = await startSampleOrigins();
  try {
    const file = fileURLToPath(new URL('../config/quickstart.yaml', import.meta.url));
    const control = await run(file, () => origins.close());
    const urls = control.listeners.map(({ protocol, address }) => `${protocol}://${address}`);
    printWhatToTry((text) => process.stdout.write(text), urls);
  } catch (error) {
    await origins.close();
    throw error;
  }
}

if (import.meta.main) await main(process.argv.slice(2));
