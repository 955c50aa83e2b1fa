import { closest } from '../base/closest.ts';
import { type Command, type ExitStatus, Failure, type Surroundings, UsageError } from './command.ts';
import { helpOf, overview, usageOf } from './help.ts';
import { parse } from './parse.ts';
import { Interrupted } from './password-input.ts';

/** Does what the arguments say, and tells in one line what could not be done. The exit status; 0 also of what goes on. */
export async function runCommandLine(
  [first, ...args]: readonly string[],
  commands: readonly Command[],
  surroundings: Surroundings,
): Promise<ExitStatus> {
  const { out, err } = surroundings;
  const name = first === '--version' ? 'version' : first;
  const command = commands.find((one) => one.name === name);
  try {
    if (name === 'help' || name === '--help' || name === '-h') return help(args, commands, surroundings);
    if (name === undefined) throw new UsageError('which command?');
    if (command === undefined) throw new UsageError(unknownCommand(name, commands));
    if (asksForHelp(args)) {
      out.write(helpOf(command));
      return 0;
    }
    const { operands, values } = parse(command, args);
    return await command.run(operands, values, surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      const usage =
        command === undefined ? overview(commands) : `${usageOf(command)}; portico help ${name} tells more\n`;
      err.write(`portico: ${error.message}\n${command === undefined ? '\n' : ''}${usage}`);
      return 2;
    }
    if (error instanceof Interrupted) return 130;
    err.write(`portico: ${(error as Error).message}\n`);
    // A fault of ours: whoever looks for it wants to know where.
    if (!(error instanceof Failure) && surroundings.env.NODE_DEBUG !== undefined) throw error;
    return 1;
  }
}

function help([name]: readonly string[], commands: readonly Command[], { out }: Surroundings): ExitStatus {
  if (name === undefined) {
    out.write(overview(commands));
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw new UsageError(unknownCommand(name, commands));
  out.write(helpOf(command));
  return 0;
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = [...commands.filter(({ hidden }) => hidden !== true).map((one) => one.name), 'help'];
  const meant = closest(name, names);
  return `no command ${JSON.stringify(name)}${meant === undefined ? '' : `, did you mean ${meant}?`}`;
}
