import { describe, expect, test } from 'vitest';
import { NONCE, Scene, twoPools } from '../admin/apache/scene.ts';
import { poolOf } from '../admin/apache/small-operator.ts';
import { Apache2ModProxy } from './apache2-mod-proxy.ts';
import { type Cluster, edited, type Route, readManager } from './httpd-manager.ts';

/** Members of hosts of their own: the module looks for the host in a row. */
const POOLS = [
  poolOf('app', [
    { url: 'http://node1.test:8080', id: 'app1' },
    { url: 'http://node2.test:8080', id: 'app2', role: 'standby' },
  ]),
  poolOf('api', [
    { url: 'http://node3.test', id: 'api1' },
    { url: 'http://node4.test', id: 'api2', admin: 'drain' },
    { url: 'http://[::1]:8080', id: 'api3' },
    { url: 'http://node1.test:81', id: 'api4' },
  ]),
];

function moduleOf(scene: Scene, suffix?: string): Apache2ModProxy {
  return new Apache2ModProxy(scene.url.replace('http://', 'http://ops:secret@'), suffix);
}

describe('the contract of apache2_mod_proxy', () => {
  test('lists the members of two balancers with their flags', async () => {
    const scene = await Scene.open({ pools: POOLS });
    const members = await moduleOf(scene).members();
    expect(members.map(({ balancer, host, port }) => `${balancer} ${host}:${port}`)).toEqual([
      'app node1.test:8080',
      'app node2.test:8080',
      'api node3.test:',
      'api node4.test:',
      'api node1.test:81',
    ]);
    const on = members.map(({ status }) => Object.keys(status).filter((name) => status[name as never]));
    expect(on).toEqual([[], ['hot_standby'], [], ['drained'], []]);
  });

  test('sets a member of the second balancer, and says whether that was a change', async () => {
    const scene = await Scene.open({ pools: POOLS });
    const module = moduleOf(scene);
    expect(await module.set('node3.test', ['disabled'])).toBe(true);
    expect(scene.operator.admins).toMatchObject({ api1: 'maint', app1: 'active' });
    expect(await module.set('node3.test', ['disabled'])).toBe(false);
    expect(await module.set('node3.test', ['drained', 'ignore_errors'])).toBe(true);
    expect(scene.operator.origin({ pool: 'api', id: 'api1' })).toMatchObject({ admin: 'drain', ignoreErrors: true });
    expect(await module.set('node3.test', [])).toBe(true);
    expect(scene.operator.origin({ pool: 'api', id: 'api1' })).toMatchObject({ admin: 'active', ignoreErrors: false });
  });

  test('sets the members of a host in all balancers, and clears hot standby with the rest', async () => {
    const scene = await Scene.open({ pools: POOLS });
    await moduleOf(scene).set('node1.test', ['disabled']);
    expect(scene.operator.admins).toMatchObject({ app1: 'maint', api4: 'maint', app2: 'active' });
    await moduleOf(scene).set('node2.test', []);
    expect(scene.operator.origin({ pool: 'app', id: 'app2' })?.role).toBe('primary');
  });

  test('has one balancer at a path of its own', async () => {
    const scene = await Scene.open({ pools: POOLS });
    const members = await moduleOf(scene, '/balancer-manager/app').members();
    expect(members.map(({ host }) => host)).toEqual(['node1.test', 'node2.test']);
  });
});

describe('the contract of httpd_manager', () => {
  const read = async (scene: Scene) => readManager((await scene.get('/balancer-manager')).text);

  test('reads all that there is', async () => {
    const given = { elected: 8, inFlight: 3, bytesOut: 1584, bytesIn: 272 };
    const worker = { url: 'http://node1.test:8080', id: 'app1', weight: 4, set: 1, traffic: given };
    const pools = [poolOf('app', [worker], { sticky: 'JSESSIONID' }), ...POOLS.slice(1)];
    const factsOf = () => ({ timeout: 5, failoverAttempts: 1, path: '/app' });
    const manager = await read(await Scene.open({ pools, manager: { factsOf } }));
    expect(manager.apache).toBe('2.4.0');
    expect(manager.openssl).toMatch(/^\d+\.\d+\.\d+/);
    expect(manager.built.getTime()).not.toBeNaN();
    expect(manager.clusters.map(({ name, routes }) => [name, routes.length])).toEqual([
      ['app', 1],
      ['api', 4],
    ]);
    expect(manager.clusters[0]).toMatchObject({
      maxMembers: 8192,
      used: 1,
      sticky: 'JSESSIONID',
      timeout: 5,
      failoverAttempts: 1,
      method: 'byrequests',
      path: '/app',
      active: true,
      routes: [{ name: 'app1', factor: 4, set: 1, status: ['Init', 'Ok'], busy: 3, to: 1536, from: 272, nonce: NONCE }],
    });
  });

  test('edits a route by all of its parameters', async () => {
    const scene = await Scene.open();
    const [, cluster] = (await read(scene)).clusters as [Cluster, Cluster];
    const route = cluster.routes[1] as Route;
    const headers = { Referer: `${scene.url}/balancer-manager` };
    const body = edited(cluster, { ...route, factor: 5 }, ['N']);
    expect((await scene.ask('POST', '/balancer-manager', { body, headers })).result).toBe('changed');
    expect((await read(scene)).clusters[1]?.routes[1]).toMatchObject({ factor: 5, status: ['Init', 'Drn', 'Ok'] });
  });

  test('reads the page of an origin, with its form, as well', async () => {
    const scene = await Scene.open();
    const { text } = await scene.get('/balancer-manager?b=static&w=http://node3.test:18113');
    expect(readManager(text).clusters.map(({ name }) => name)).toEqual(['static', 'jbosscluster']);
  });
});

describe('other programs', () => {
  test('scripts that post all flags without a Referer', async () => {
    const scene = await Scene.open();
    const flags = 'w_status_I=0&w_status_N=0&w_status_D=1&w_status_H=0';
    const body = `${flags}&b=static&w=http%3A%2F%2Fnode3.test%3A18113%2F&nonce=${NONCE}`;
    expect((await scene.ask('POST', '/balancer-manager', { body })).result).toBe('changed');
    expect(scene.operator.admins.st2).toBe('maint');
  });

  test('check_httpd_balancer finds what is not "Init Ok" by its URL', async () => {
    const [first, second] = twoPools();
    const ill = poolOf('jbosscluster', [{ url: 'http://127.0.0.1:18101', health: 'down' }]);
    const scene = await Scene.open({ pools: [ill, second ?? (first as never)] });
    const { text } = await scene.get('/balancer-manager', { as: 'viewer' });
    const rows = [...text.matchAll(/>(https?:\/\/[^<]+)<\/a><\/td>.*?<td>(Init[^<]*)<\/td>/g)];
    expect(rows.map(([, url, status]) => [url, status?.includes('Init Ok')])).toEqual([
      ['http://127.0.0.1:18101', false],
      ['http://127.0.0.2:18111', true],
      ['http://node3.test:18113', true],
    ]);
  });

  test('XML with namespaces by each element', async () => {
    const scene = await Scene.open();
    const { text, headers } = await scene.get('/balancer-manager?xml=1');
    expect(headers['content-type']).toBe('text/xml');
    const names = [...text.matchAll(/<httpd:name>([^<]*)</g)].map(([, name]) => name);
    expect(names).toEqual([
      'balancer://jbosscluster',
      'http://127.0.0.1:18101',
      'http://127.0.0.1:18102',
      'balancer://static',
      'http://127.0.0.2:18111',
      'http://node3.test:18113',
    ]);
  });

  test('what reads /server-status?auto', async () => {
    const scene = await Scene.open();
    const reply = await scene.get('/server-status?auto', { as: 'viewer' });
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(reply.text).toContain('ProxyBalancer[1]Worker[0]Status: Init Ok \n');
    expect((await scene.get('/balancer-manager?auto', { as: 'viewer' })).text).toBe(reply.text);
    expect((await scene.get('/server-status')).status).toBe(404);
  });
});
