import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { IMPORT } from '../../src/control/import-command.ts';
import { tempDir } from '../support/temp.ts';
import { portico } from './command-runs.ts';

let directory: string;

const GOOD = `! two nodes
include conf.d/*.conf
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    @lb2 priority 250
    authentication {
        auth_type PASS
        auth_pass s3cr3t
    }
    virtual_ipaddress {
        192.0.2.10
    }
}
`;

beforeAll(async () => {
  directory = await tempDir('import');
  mkdirSync(join(directory, 'conf.d'));
  writeFileSync(join(directory, 'conf.d/global.conf'), 'global_defs {\n  router_id lb1\n}\n');
  writeFileSync(join(directory, 'conf.d/.hidden.conf'), 'vrrp_instance hidden {\n}\n');
  writeFileSync(join(directory, 'good.conf'), GOOD);
  writeFileSync(join(directory, 'refused.conf'), `${GOOD}static_ipaddress {\n    192.0.2.1/24 dev eth0\n}\n`);
});

const run = (...args: readonly string[]) => portico(['import', ...args], { cwd: directory });

describe('portico import keepalived', () => {
  test('prints our configuration, and names each line beside it', async () => {
    const { status, stdout, stderr } = await run('keepalived', 'good.conf', '--config-id', 'lb1');
    expect(status).toBe(0);
    expect(stdout).toBe(`# Imported from good.conf, a configuration of keepalived.
vrrp:
  instances:
    # good.conf:3
    - name: VI_1
      vrid: 51
      interface: eth0
      version: 2
      priority: 100
      advert_interval: 1s
      addresses: [192.0.2.10/32]
      auth:
        password_file: secrets/vrrp-VI_1
`);
    expect(stderr).toContain(`good.conf
    2  exact        include conf.d/*.conf
                      reads ${directory}/conf.d/global.conf
    3  exact        vrrp_instance VI_1 {
    4  exact        interface eth0
    5  exact        virtual_router_id 51
    6  dropped      @lb2 priority 250
                      not for lb1; --config-id chooses another host
    7  exact        authentication {
    8  exact        auth_type PASS
    9  exact        auth_pass ********
                      in secrets/vrrp-VI_1, not here
   11  exact        virtual_ipaddress {
   12  exact        192.0.2.10

conf.d/global.conf
    1  exact        global_defs {
    2  dropped      router_id lb1
`);
    expect(stderr).toMatch(/\n12 lines: 10 exact, 0 approximate, 2 dropped, none refused\n$/);
  });

  test('means another host by --config-id', async () => {
    const { stdout } = await run('keepalived', 'good.conf', '--config-id', 'lb2');
    expect(parse(stdout).vrrp.instances[0].priority).toBe(250);
  });

  test('tells of what is refused, and fails of it only by --strict', async () => {
    const lenient = await run('keepalived', 'refused.conf');
    expect(lenient).toMatchObject({ status: 0, stderr: expect.stringMatching(/2 REFUSED\n$/) });
    const strict = await run('keepalived', 'refused.conf', '--strict');
    expect(strict).toMatchObject({ status: 1, stdout: lenient.stdout });
    expect((await run('keepalived', 'good.conf', '--strict')).status).toBe(0);
  });

  test('writes passwords where it is told to, for nobody else to read', async () => {
    const secrets = join(directory, 'new/secrets');
    const { status, stdout, stderr } = await run('keepalived', 'good.conf', '--passwords-to', 'new/secrets');
    const file = join(secrets, 'vrrp-VI_1');
    expect({ status, auth: parse(stdout).vrrp.instances[0].auth }).toEqual({
      status: 0,
      auth: { password_file: file },
    });
    expect(readFileSync(file, 'utf8')).toBe('s3cr3t\n');
    expect([statSync(file).mode & 0o777, statSync(secrets).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(stderr).toContain(`written: ${file}`);
    expect(stdout + stderr).not.toContain('s3cr3t');
  });

  test('leaves a file alone that holds something else', async () => {
    mkdirSync(join(directory, 'taken'));
    writeFileSync(join(directory, 'taken/vrrp-VI_1'), 'other\n');
    const { status, stdout, stderr } = await run('keepalived', 'good.conf', '--passwords-to', 'taken');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('holds something else');
    expect(readFileSync(join(directory, 'taken/vrrp-VI_1'), 'utf8')).toBe('other\n');
  });

  test.each([
    { args: ['squid', 'good.conf'], status: 2, said: 'expected keepalived, got "squid"' },
    { args: ['keepalived'], status: 2, said: 'expected keepalived FILE' },
    { args: ['keepalived', 'missing.conf'], status: 1, said: 'missing.conf: is no file that can be read' },
    { args: ['keepalived', '.'], status: 1, said: '.: is no file that can be read' },
  ])('$args: status $status', async ({ args, status, said }) => {
    const told = await run(...args);
    expect(told).toMatchObject({ status, stdout: '' });
    expect(told.stderr).toContain(said);
  });

  test('has help that fits a terminal', () => {
    for (const [line] of IMPORT.examples) expect(line).toMatch(/^import keepalived /);
    expect(IMPORT.details.every((line) => line.length <= 120)).toBe(true);
  });
});
