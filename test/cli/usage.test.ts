import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { helpOf } from '../../src/cli/help.ts';
import { parse } from '../../src/cli/parse.ts';
import { portico } from './command-runs.ts';

/** What the command line takes, what it refuses with status 2, and what help tells. */

describe('help', () => {
  test('lists every command', async () => {
    const { status, stdout, stderr } = await portico(['help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const listed = stdout.match(/^ {2}[a-z-]+/gm)?.map((line) => line.trim());
    expect(listed).toEqual([
      ...[
        'run',
        'check',
        'resolve',
        'import',
        'status',
        'origins',
        'drain',
        'enable',
        'disable',
        'purge',
        'node',
        'dns',
        'vrrp',
        'hash-password',
        'witness',
        'version',
        'help',
      ],
    ]);
  });

  test.each(['version', '--version'])('%s tells which Portico this is', async (word) => {
    const { status, stdout } = await portico([word]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^portico \d+\.\d+\.\d+ \(Node \d+/),
    });
  });

  test.each([{ args: ['help', 'drain'] }, { args: ['drain', '--help'] }, { args: ['drain', 'app/app1', '-h'] }])(
    'of a command has examples first: $args',
    async ({ args }) => {
      const { status, stdout } = await portico(args);
      expect(status).toBe(0);
      expect(stdout).toMatch(
        /^usage: portico drain POOL\/ORIGIN \[OPTIONS\]\n\n {2}portico drain app\/app1 --wait 60s /,
      );
    },
  );

  test.each(COMMANDS.map((command) => ({ name: command.name, command })))(
    'of $name tells every option, and fits a terminal',
    ({ command }) => {
      const help = helpOf(command);
      for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
      expect(help.split('\n').filter((line) => line.length > 120)).toEqual([]);
    },
  );

  test.each(COMMANDS.flatMap(({ examples }) => examples).map(([line]) => ({ line })))(
    'has examples that are taken: $line',
    ({ line }) => {
      const words = line.replace(/ [|<>].*$/, '').match(/"[^"]*"|\S+/g) ?? [];
      const [name, ...args] = words.map((word) => word.replaceAll('"', ''));
      const command = COMMANDS.find((one) => one.name === name);
      expect(command === undefined ? undefined : parse(command, args)).toBeDefined();
    },
  );
});

describe('wrong usage', () => {
  test.each([
    { args: ['drian', 'app/app1'], said: 'no command "drian", did you mean drain?' },
    { args: ['help', 'purg'], said: 'no command "purg", did you mean purge?' },
    { args: ['quickstrat'], said: 'no command "quickstrat"' },
    { args: ['drain'], said: 'expected POOL/ORIGIN' },
    { args: ['drain', 'app/app1', 'app/app2'], said: 'did not expect "app/app2"' },
    { args: ['drain', 'app/app1', '--wiat', '60s'], said: 'no option --wiat, did you mean --wait?' },
    { args: ['drain', 'app/app1', '-w'], said: 'no option -w' },
    { args: ['drain', 'app/app1', '--wait'], said: '--wait needs TIME' },
    { args: ['drain', 'app/app1', '--reason', '--force'], said: '--reason needs TEXT' },
    { args: ['drain', 'app/app1', '--force=yes'], said: '--force takes no value' },
    { args: ['drain', 'app/app1', '--wait', '60'], said: '--wait: expected a time such as 30s, 5m or 2h, got "60"' },
    { args: ['drain', 'app/app1', '--wait=1s', '--wait=2s'], said: '--wait is given twice' },
    { args: ['drain', 'app/app1', '--cut'], said: '--cut needs --deadline' },
    { args: ['dns', 'uk'], said: 'expected status, drain, down or enable, got "uk"' },
    { args: ['dns', 'drain'], said: 'expected DATACENTER' },
    { args: ['dns', 'status', 'uk'], said: 'did not expect "uk"' },
    { args: ['dns', 'enable', 'uk', '--for', '10m'], said: '--for is for dns drain and dns down' },
    { args: ['dns', '--force'], said: '--reason, --for and --force are for changes' },
    { args: ['dns', 'down', 'uk', '--json'], said: '--json is for dns status' },
    { args: ['status', 'app'], said: 'did not expect "app"' },
    { args: ['check', '--constructor'], said: 'no option --constructor' },
  ])('$args', async ({ args, said }) => {
    const { status, stdout, stderr } = await portico(args);
    const [first, ...rest] = stderr.trimEnd().split('\n');
    expect({ status, stdout, first }).toEqual({ status: 2, stdout: '', first: `portico: ${said}` });
    expect(rest.join('\n')).toContain('usage: portico ');
  });
});

test('a reason may begin with a dash, after =', () => {
  const drain = COMMANDS.find(({ name }) => name === 'drain');
  expect(drain && parse(drain, ['app/app1', '--reason=- urgent']).values.reason).toBe('- urgent');
});
