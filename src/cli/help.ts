import type { Command, Option, OptionGroup } from './command.ts';

/** What `help` tells, all of it from what the commands declare. */

const GROUPS: readonly { readonly group: OptionGroup | undefined; readonly title: string }[] = [
  { group: undefined, title: 'Options:' },
  { group: 'node', title: 'Which node:' },
];

export function overview(commands: readonly Command[]): string {
  const rows = commands.filter(({ hidden }) => hidden !== true).map((one) => [synopsis(one), one.summary] as const);
  return `usage: portico COMMAND

${twoColumns([...rows, ['help [COMMAND]', 'this, or examples and options of one command']])}

Signals to a running node: HUP reloads the configuration, USR1 reopens the access log, TERM or INT stops gracefully, a
second one at once. Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 --wait ran out.
`;
}

/** Examples first: most who ask have done it before. */
export function helpOf(command: Command): string {
  const options = GROUPS.flatMap(({ group, title }) => {
    const rows = Object.entries(command.options)
      .filter(([, option]) => option.group === group)
      .map(([name, option]) => [optionForm(name, option), option.says] as const);
    return rows.length === 0 ? [] : [`${title}\n${twoColumns(rows)}`];
  });
  const examples = command.examples.map(([line, does]) => [`portico ${line}`, does] as const);
  const parts = [usageOf(command), twoColumns(examples), command.details.join('\n'), ...options];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export function usageOf(command: Command): string {
  const options = Object.keys(command.options).length === 0 ? '' : ' [OPTIONS]';
  return `usage: portico ${synopsis(command)}${options}`;
}

function synopsis({ name, operands }: Command): string {
  return operands.form === '' ? name : `${name} ${operands.form}`;
}

function optionForm(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}--${name}${option.kind === 'flag' ? '' : ` ${option.value}`}`;
}

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join('\n');
}
