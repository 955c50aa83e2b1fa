import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCommand } from '../../bin/peers.ts';

/** A copy of `bin/portico` in a tree of its own, with shell scripts for Nodes: each says who it is and what it was given. */
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'portico bin-')));
  mkdirSync(join(root, 'bin'));
  copyFileSync(join(import.meta.dirname, '../../bin/portico'), join(root, 'bin/portico'));
  mkdirSync(join(root, 'tools'));
  for (const tool of ['dirname', 'readlink']) symlinkSync(findCommand(tool) as string, join(root, 'tools', tool));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('bin/portico', () => {
  test('runs the program with the Node that npm brought, and hands on its arguments', () => {
    placeNode('node_modules/.bin/node', 'v26.10.0');
    placeNode('path/node', 'v27.0.0');
    expect(portico('bin/portico', 'run', '-c', 'my file.yaml')).toEqual({
      status: 0,
      stdout: `v26.10.0 <${root}/src/main.ts> <run> <-c> <my file.yaml>\n`,
      stderr: '',
    });
  });

  test('is found through links', () => {
    placeNode('node_modules/.bin/node', 'v26.10.0');
    mkdirSync(join(root, 'links'));
    symlinkSync('../bin/portico', join(root, 'links/relative'));
    symlinkSync(join(root, 'links/relative'), join(root, 'portico'));
    expect(portico('portico', 'help').stdout).toBe(`v26.10.0 <${root}/src/main.ts> <help>\n`);
  });

  test.each([
    { name: 'is missing', own: undefined },
    { name: 'cannot run here', own: 'exit 127' },
  ])("takes the system's Node when the one of npm $name", ({ own }) => {
    mkdirSync(join(root, 'node_modules'));
    if (own !== undefined) placeScript('node_modules/.bin/node', own);
    placeNode('path/node', 'v27.0.0');
    expect(portico('bin/portico').stdout).toBe(`v27.0.0 <${root}/src/main.ts>\n`);
  });

  test.each([
    { name: 'there is no Node', version: undefined },
    { name: 'the only Node is old', version: 'v20.20.2' },
  ])('says in one line what to do when $name', ({ version }) => {
    mkdirSync(join(root, 'node_modules'));
    if (version !== undefined) placeNode('path/node', version);
    expect(portico('bin/portico', 'run')).toEqual({
      status: 1,
      stdout: '',
      stderr: `portico: not installed yet: run npm start once in ${root}, it brings Node 26\n`,
    });
  });

  test('says so too when the packages are missing', () => {
    placeNode('path/node', 'v27.0.0');
    expect(portico('bin/portico', 'run').status).toBe(1);
  });
});

function portico(command: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(root, command), args, {
    encoding: 'utf8',
    env: { PATH: `${root}/path:${root}/tools` },
  });
  return { status, stdout, stderr };
}

function placeNode(file: string, version: string): void {
  placeScript(
    file,
    `if [ "$1" = --version ]; then echo ${version}; exit; fi; printf '${version}'; printf ' <%s>' "$@"; echo`,
  );
}

function placeScript(file: string, body: string): void {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}
