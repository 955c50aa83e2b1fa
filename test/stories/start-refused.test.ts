import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandResult, portico } from '../support/command.ts';
import { startOrigin } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { frontDoor } from './front-door.ts';

/** What cannot run says why, a line for each reason, and leaves nothing behind. */

interface Settings {
  readonly address?: string;
  readonly listener?: string;
  readonly more?: string;
}

const yaml = ({ address = '127.0.0.1:0', listener = 'protocol: http', more = '' }: Settings = {}) =>
  `listeners:
  - { address: "${address}", ${listener} }
sites: [{ hosts: [default], pool: app }]
pools: { app: { origins: ["http://127.0.0.1:1"] } }
${more}`;

async function run(text: string, prepare: (dir: string) => Promise<unknown> = async () => {}): Promise<CommandResult> {
  const dir = await tempDir();
  await writeFile(join(dir, 'portico.yaml'), text);
  await prepare(dir);
  return portico(['run'], { cwd: dir });
}

function refused(...lines: readonly RegExp[]): CommandResult {
  return { status: 1, stdout: '', stderr: lines.map((line) => expect.stringMatching(line)) };
}

describe('a file', () => {
  test('that is not there', async () => {
    const dir = await tempDir();
    expect(await portico(['run', '-c', 'nowhere.yaml'], { cwd: dir })).toEqual(
      refused(/^nowhere\.yaml: cannot be read: no such file$/),
    );
  });

  test('that is a directory', async () => {
    const dir = await tempDir();
    expect(await portico(['run', '-c', dir])).toEqual(refused(/: cannot be read: /));
  });

  test.each([
    { name: 'is no YAML', text: 'listeners: [', lines: [/^portico\.yaml:1:\d+: ?/] },
    {
      name: 'has an unknown key',
      text: yaml({ listener: 'protocol: http, colour: red' }),
      lines: [/^portico\.yaml:2:\d+ listeners\[0\]\.colour: is no known setting/],
    },
    {
      name: 'has a value of the wrong type',
      text: yaml({ more: 'node: { workers: many }' }),
      lines: [/^portico\.yaml:5:\d+ node\.workers: expected auto or a whole number from 1 to 31, got "many"$/],
    },
    {
      name: 'names a certificate that is not there',
      text: yaml({ listener: 'protocol: https, certificates: [{ cert: no.pem, key: no.key }]' }),
      lines: [
        /^portico\.yaml:2:\d+ listeners\[0\]\.certificates\[0\]\.cert: cannot read ".*no\.pem": no such file$/,
        /^portico\.yaml:2:\d+ listeners\[0\]\.certificates\[0\]\.key: cannot read ".*no\.key": no such file$/,
      ],
    },
    {
      name: 'has its log in a directory that is not there',
      text: yaml({ more: 'logs: { access: { file: nowhere/access.log } }' }),
      lines: [/^portico\.yaml:5:\d+ logs\.access\.file: cannot write ".*nowhere\/access\.log": .*no such file/],
    },
    {
      name: 'has its state below what is no directory',
      text: yaml({ more: 'node: { state_dir: portico.yaml/state }' }),
      lines: [/^portico\.yaml:5:\d+ node\.state_dir: cannot use ".*portico\.yaml\/state": .*is not a directory$/],
    },
    {
      name: 'is wrong in three places',
      text: `listeners:\n  - { address: nowhere, protocol: gopher }\nsites: []\npools: {}\n`,
      lines: [/:2:\d+ listeners\[0\]\.address: /, /:2:\d+ listeners\[0\]\.protocol: /, /:3:\d+ sites: /],
    },
  ])('that $name', async ({ text, lines }) => {
    expect(await run(text)).toEqual(refused(...lines));
  });

  test('is told the same by `check`', async () => {
    const dir = await tempDir();
    await writeFile(join(dir, 'portico.yaml'), yaml({ listener: 'protocol: http, colour: red' }));
    expect(await portico(['check'], { cwd: dir })).toEqual(await portico(['run'], { cwd: dir }));
  });
});

describe('a port', () => {
  test('that another program has', async () => {
    const origin = await startOrigin();
    const result = await run(yaml({ address: `127.0.0.1:${origin.port}` }));
    expect(result).toEqual(
      refused(
        new RegExp(`listeners\\[0\\]\\.address: another program listens on 127\\.0\\.0\\.1:${origin.port} already$`),
      ),
    );
  });

  test('that another Portico has, which serves all that come as before', async () => {
    const origin = await startOrigin();
    const first = await startPortico(frontDoor({ origins: [origin.url] }));
    const result = await run(yaml({ address: `127.0.0.1:${first.port()}` }));
    expect(result).toEqual(refused(/another program listens on 127\.0\.0\.1:\d+ already$/));
    for (let i = 0; i < 20; i++) expect(await fetchRaw(first.port(), '/')).toMatchObject({ status: 200, body: 'ok' });
  });

  test('that is taken leaves the free one before it free', async () => {
    const taken = await startOrigin();
    const free = await freePort();
    const result = await run(`listeners:
  - { address: "127.0.0.1:${free}", protocol: http }
  - { address: "127.0.0.1:${taken.port}", protocol: http }
sites: [{ hosts: [default], pool: app }]
pools: { app: { origins: ["http://127.0.0.1:1"] } }
`);
    expect(result).toEqual(refused(/listeners\[1\]\.address: another program/));
    await expect(connectRaw(free)).rejects.toThrow('ECONNREFUSED');
  });

  test('of an address that this machine has not', async () => {
    const result = await run(yaml({ address: '192.0.2.1:8080' }));
    expect(result).toEqual(refused(/listeners\[0\]\.address: this machine has no address 192\.0\.2\.1$/));
  });

  test('below 1024, without the right to', async ({ skip }) => {
    const dir = await readableDir();
    const user = await unprivileged(dir, skip);
    if (firstUnprivilegedPort() > 80) {
      await chmod(dir, 0o777);
      await writeFile(join(dir, 'portico.yaml'), yaml({ address: '127.0.0.1:80' }));
      expect(await portico(['run'], { cwd: dir, ...user })).toEqual(
        refused(/listeners\[0\]\.address: port 80 needs root or the capability CAP_NET_BIND_SERVICE/),
      );
    } else {
      skip('this system lets everybody have port 80');
    }
  });
});

test('a state directory that is not ours to write', async ({ skip }) => {
  const dir = await readableDir();
  const user = await unprivileged(dir, skip);
  await mkdir(join(dir, 'state'), { mode: 0o555 });
  await writeFile(join(dir, 'portico.yaml'), yaml());
  expect(await portico(['run'], { cwd: dir, ...user })).toEqual(
    refused(/^portico\.yaml:1:1 node\.state_dir: cannot use ".*state": .*permission denied$/),
  );
});

describe('the command line', () => {
  test('tells how it is used, when asked', async () => {
    for (const help of ['help', '--help']) {
      const { status, stdout, stderr } = await portico([help]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: [] });
      expect(stdout).toMatch(/^usage: portico COMMAND\n/);
    }
  });

  test.each([
    { name: 'a command that there is not', args: ['frobnicate'], line: 'portico: no command "frobnicate"' },
    { name: 'no command', args: [], line: 'portico: which command?' },
    { name: 'an option that there is not', args: ['run', '--fast'], line: 'portico: no option --fast' },
  ])('tells it, with status 2, for $name', async ({ args, line }) => {
    const { status, stdout, stderr } = await portico(args);
    expect({ status, stdout, first: stderr[0] }).toEqual({ status: 2, stdout: '', first: line });
    expect(stderr.join('\n')).toContain('usage: portico ');
  });
});

/** The user that has no rights, on every Unix. */
const NOBODY = 65_534;

/** Someone who is not root, and can run Portico there: ourselves, unless we are root. */
async function unprivileged(dir: string, skip: (reason: string) => never): Promise<{ user?: number }> {
  if (process.getuid?.() !== 0) return {};
  const { status } = await portico(['help'], { cwd: dir, user: NOBODY }).catch(() => ({ status: -1 }));
  return status === 0 ? { user: NOBODY } : skip('nobody but root can read this copy of the program');
}

async function readableDir(): Promise<string> {
  const dir = await tempDir();
  await chmod(dir, 0o755);
  return dir;
}

function firstUnprivilegedPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return process.platform === 'linux' ? 1024 : 0;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
