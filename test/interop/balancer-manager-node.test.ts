import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Authority } from '../proxy/tls/authority.ts';
import { frontDoor } from '../stories/front-door.ts';
import { OperatedNode, PASSWORD } from '../support/operated-node.ts';
import { describeWithPeers } from '../support/peers.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { Apache2ModProxy } from './apache2-mod-proxy.ts';
import { type Cluster, edited, type Route, readManager } from './httpd-manager.ts';

/** The programs that were written for Apache, and a whole node: its clients see what they do. */

/** An origin on an address of its own, as these programs know origins by their hosts. */
async function startAt(address: string, name: string): Promise<{ readonly name: string; readonly url: string }> {
  const server = createServer((_, response) => response.end(name)).listen(0, address);
  await once(server, 'listening');
  atTeardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { name, url: `http://${address}:${(server.address() as AddressInfo).port}` };
}

/** Pools "jbosscluster" and "static" with two origins each; the latter is for static.example. */
async function scene(admin: object = {}) {
  const names = ['jboss1', 'jboss2', 'st1', 'st2'] as const;
  const [jboss1, jboss2, st1, st2] = await Promise.all(names.map((name, i) => startAt(`127.0.0.${i + 2}`, name)));
  const pools = { jbosscluster: { origins: [jboss1, jboss2] }, static: { origins: [st1, st2] } };
  const sites = [
    { hosts: ['default'], pool: 'jbosscluster' },
    { hosts: ['static.example'], pool: 'static' },
  ];
  const config = { ...frontDoor({ origins: [] }), pools, sites, admin };
  const nodes = await Promise.all([OperatedNode.start(config), OperatedNode.start(config)]);
  return { nodes, urls: Object.fromEntries([jboss1, jboss2, st1, st2].map((each) => [each?.name, each?.url])) };
}

/** Who answers on each node. */
function answering(nodes: readonly OperatedNode[], host = 'www.example.com') {
  return Promise.all(nodes.map((node) => node.answerers(20, host)));
}

describeWithPeers(['ansible-playbook', 'curl'], 'the playbook around curl', () => {
  test('takes origins of two pools out on two nodes, by TLS, and puts them back', { timeout: 120_000 }, async () => {
    const authority = await Authority.open();
    const tls = authority.issue({ names: ['admin.example'] });
    const { nodes, urls } = await scene({ tls, compat: { apache22: true } });
    const dir = await tempDir();
    await copyFile(join(import.meta.dirname, '../data/apache/playbook.yml'), join(dir, 'playbook.yml'));
    const vars = {
      apache_rp_group: 'edges',
      apache_rp_user: 'ops',
      apache_rp_password: PASSWORD,
      apache_rp_balancer_manager_uri: 'balancer-manager',
    };
    const backend = (apache_rp_backend_cluster: string, name: string) => ({
      apache_rp_backend_cluster,
      apache_rp_backend_url: urls[name],
    });
    const inventory = {
      'jboss-cluster': { hosts: ['jboss1', 'st2'], vars },
      edges: { hosts: nodes.map(({ admin }) => new URL(admin).host) },
      _meta: { hostvars: { jboss1: backend('jbosscluster', 'jboss1'), st2: backend('static', 'st2') } },
    };
    await writeFile(join(dir, 'inventory'), `#!/bin/sh\ncat <<'END'\n${JSON.stringify(inventory)}\nEND\n`);
    await chmod(join(dir, 'inventory'), 0o755);
    const play = (verb: string) => {
      const args = ['-i', 'inventory', 'playbook.yml', '-e', JSON.stringify({ verb })];
      const env = { ...process.env, HOME: dir, ANSIBLE_HOME: dir, LC_ALL: 'C.UTF-8', ANSIBLE_NOCOLOR: '1' };
      return new Promise<string>((resolve, reject) => {
        execFile('ansible-playbook', args, { cwd: dir, env, timeout: 60_000 }, (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(`${stdout}\n${stderr}`, { cause: error })),
        );
      });
    };

    expect(await play('Disable')).toMatch(/st2 +: ok=1 +changed=1 .*failed=0/);
    expect(await answering(nodes)).toEqual([{ jboss2: 20 }, { jboss2: 20 }]);
    expect(await answering(nodes, 'static.example')).toEqual([{ st1: 20 }, { st1: 20 }]);
    expect(await nodes[0]?.origin('jbosscluster/jboss1')).toMatchObject({
      admin: 'maint',
      override: { by: 'ops', source: 'balancer-manager' },
    });
    await play('Enable');
    expect(await answering(nodes)).toEqual(Array(2).fill({ jboss1: 10, jboss2: 10 }));
    expect(await answering(nodes, 'static.example')).toEqual(Array(2).fill({ st1: 10, st2: 10 }));
  });
});

describe('other programs', () => {
  test('apache2_mod_proxy, httpd_manager, and what reads XML', async () => {
    const { nodes, urls } = await scene();
    const [node] = nodes;
    const module = new Apache2ModProxy(node.admin.replace('http://', `http://ops:${PASSWORD}@`));
    expect((await module.members()).map(({ balancer, host }) => `${balancer} ${host}`)).toEqual([
      'jbosscluster 127.0.0.2',
      'jbosscluster 127.0.0.3',
      'static 127.0.0.4',
      'static 127.0.0.5',
    ]);
    expect(await module.set('127.0.0.5', ['disabled'])).toBe(true);
    expect(await module.set('127.0.0.5', ['disabled'])).toBe(false);
    expect(await node.answerers(20, 'static.example')).toEqual({ st1: 20 });
    expect(await module.set('127.0.0.5', [])).toBe(true);
    expect(await node.answerers(20, 'static.example')).toEqual({ st1: 10, st2: 10 });

    const page = async () => readManager((await node.send('GET', '/balancer-manager', { as: 'ops' })).text);
    const [cluster] = (await page()).clusters as [Cluster];
    const body = edited(cluster, { ...(cluster.routes[0] as Route), factor: 4 }, []);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Referer: `${node.admin}/balancer-manager` };
    expect((await node.send('POST', '/balancer-manager', { as: 'ops', body, headers })).status).toBe(200);
    expect(await node.answerers(50)).toEqual({ jboss1: 40, jboss2: 10 });
    expect((await page()).clusters[0]?.routes.map(({ factor, status }) => [factor, ...status])).toEqual([
      [4, 'Init', 'Ok'],
      [1, 'Init', 'Ok'],
    ]);

    const { text } = await node.send('GET', '/balancer-manager?xml=1', { as: 'viewer' });
    for (const url of Object.values(urls)) expect(text).toContain(`<httpd:name>${url}</httpd:name>`);
    // What one way of asking says is what all show.
    expect(await node.origin('jbosscluster/jboss1')).toMatchObject({ weight: 4, elected: expect.any(Number) });
    const { stdout } = await node.command('origins', '--json');
    expect(JSON.stringify(JSON.parse(stdout))).toContain('"weight":4');
  });
});
