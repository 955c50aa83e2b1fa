import { execFile } from 'node:child_process';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { Scene } from '../admin/apache/scene.ts';
import { describeWithPeers } from '../support/peers.ts';
import { tempDir } from '../support/temp.ts';

/** The programs that release engineers have: a playbook around curl, and a shell script around curl, grep and sed. */

describeWithPeers(['ansible-playbook', 'curl'], 'the playbook that was written for Apache 2.2', () => {
  const PLAYBOOK = join(import.meta.dirname, '../data/apache/playbook.yml');
  let dir: string;
  let nodes: readonly Scene[];

  beforeEach(async () => {
    dir = await tempDir();
    nodes = [
      await Scene.open({ apache22: true, isSecure: true }),
      await Scene.open({ apache22: true, isSecure: true }),
    ];
    await copyFile(PLAYBOOK, join(dir, 'playbook.yml'));
    await writeFile(join(dir, 'inventory'), `#!/bin/sh\ncat <<'END'\n${JSON.stringify(inventory())}\nEND\n`);
    await chmod(join(dir, 'inventory'), 0o755);
  });

  /** Made by a program, as names in a file could have no port. */
  function inventory(): object {
    const backend = (cluster: string, url: string) => ({
      apache_rp_backend_cluster: cluster,
      apache_rp_backend_url: url,
    });
    const vars = {
      apache_rp_group: 'edges',
      apache_rp_user: 'ops',
      apache_rp_password: 'secret',
      apache_rp_balancer_manager_uri: 'balancer-manager',
    };
    return {
      'jboss-cluster': { hosts: ['jboss1', 'jboss2', 'st2'], vars },
      edges: { hosts: nodes.map(({ url }) => new URL(url).host) },
      _meta: {
        hostvars: {
          jboss1: backend('jbosscluster', 'http://127.0.0.1:18101'),
          jboss2: backend('jbosscluster', 'http://127.0.0.1:18102'),
          st2: backend('static', 'http://node3.test:18113'),
        },
      },
    };
  }

  function play(limit: string, verb: string): Promise<string> {
    const args = ['-i', 'inventory', 'playbook.yml', '--limit', limit, '-e', JSON.stringify({ verb })];
    const env = { ...process.env, HOME: dir, ANSIBLE_HOME: dir, LC_ALL: 'C.UTF-8', ANSIBLE_NOCOLOR: '1' };
    return new Promise((resolve, reject) => {
      execFile('ansible-playbook', args, { cwd: dir, env, timeout: 60_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${stdout}\n${stderr}`, { cause: error }));
      });
    });
  }

  const admins = () => nodes.map(({ operator }) => operator.admins);

  test('disables an origin on all nodes, in either balancer, and enables it again', { timeout: 120_000 }, async () => {
    const all = { jboss1: 'active', jboss2: 'active', st1: 'active', st2: 'active' };
    expect(await play('jboss1', 'Disable')).toMatch(/jboss1 +: ok=1 +changed=1 .*failed=0/);
    expect(admins()).toEqual([
      { ...all, jboss1: 'maint' },
      { ...all, jboss1: 'maint' },
    ]);
    await play('jboss1', 'Enable');
    expect(admins()).toEqual([all, all]);
    await play('st2', 'Disable');
    expect(admins()).toEqual([
      { ...all, st2: 'maint' },
      { ...all, st2: 'maint' },
    ]);
    await play('st2', 'Enable');
    expect(admins()).toEqual([all, all]);
    const reasons = nodes.map(({ operator }) => operator.changes.map(({ change }) => change.reason));
    const both = ['balancer-manager: dw=Disable', 'balancer-manager: dw=Enable'];
    expect(reasons).toEqual([
      [...both, ...both],
      [...both, ...both],
    ]);
  });

  test('leaves the last origin of a pool in service, but with force in its verb', { timeout: 120_000 }, async () => {
    await play('jboss-cluster', 'Disable');
    const rest = { jboss1: 'maint', jboss2: 'active', st1: 'active', st2: 'maint' };
    expect(admins()).toEqual([rest, rest]);
    expect(nodes[0]?.manager.refused.get('last-active-origin')).toBe(1);
    await play('jboss2', 'Disable&force=1');
    expect(admins()).toEqual([
      { ...rest, jboss2: 'maint' },
      { ...rest, jboss2: 'maint' },
    ]);
  });
});

describeWithPeers(['curl'], 'the script for a shell that is called balancer-manager', () => {
  function shell(scene: Scene, command: string): Promise<string> {
    const script = `set -o pipefail\nURL=${scene.url}/balancer-manager\nget() { curl -s -u ops:secret "$@"; }\n${command}`;
    return new Promise((resolve, reject) => {
      execFile('bash', ['-c', script], { timeout: 15_000 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  }

  const NONCE_OF = `get $URL | grep nonce | grep jbosscluster | sed "s/.*nonce=\\(.*\\)['\\"].*/\\1/" | tail -1`;

  test('lists balancers, workers, and how they are', async () => {
    const scene = await Scene.open();
    const balancers = await shell(
      scene,
      `get $URL | grep "balancer://" | sed 's/.*balancer:\\/\\/\\(.*\\)<\\/a>.*/\\1/'`,
    );
    expect(balancers).toBe('jbosscluster\nstatic\n');
    const workers = await shell(
      scene,
      `get $URL | grep "/balancer-manager?b=jbosscluster&amp;w" | sed "s/.*&amp;w=\\([^&]*\\)&amp;.*/\\1/"`,
    );
    expect(workers).toBe('http://127.0.0.1:18101\nhttp://127.0.0.1:18102\n');
    const status = await shell(scene, `get $URL | grep href | grep "&amp;w=" | sed "s/<[^>]*>/ /g"`);
    expect(status.split('\n')[0]).toMatch(
      /^ +http:\/\/127\.0\.0\.1:18101 +jboss1 +1\.00 +0 +Init Ok +0 +0 +0 +0 +0 +$/,
    );
  });

  test.each([
    { flag: 'D', admin: 'maint' },
    { flag: 'N', admin: 'drain' },
  ])('turns w_status_$flag on and off by the nonce that it finds', async ({ flag, admin }) => {
    const scene = await Scene.open();
    const post = (value: number) =>
      shell(
        scene,
        `get -o /dev/null -X POST -H "Referer: $URL?b=jbosscluster" -d b=jbosscluster -d w=http://127.0.0.1:18102 \\
          -d "nonce=$(${NONCE_OF})" -d w_status_${flag}=${value} $URL`,
      );
    await post(1);
    expect(scene.operator.admins.jboss2).toBe(admin);
    await post(0);
    expect(scene.operator.admins.jboss2).toBe('active');
  });
});
