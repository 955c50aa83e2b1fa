import { describe, expect, test } from 'vitest';
import { NONCE, Scene } from './scene.ts';
import { type Given, poolOf } from './small-operator.ts';

const WORKER = 'http://127.0.0.1:18101';

/** A pool of the origin that is changed, and another one. */
function poolWith(given: Omit<Given, 'url'>) {
  return [poolOf('jbosscluster', [{ url: WORKER, id: 'jboss1', ...given }, { url: 'http://127.0.0.1:18102' }])];
}

describe('flags', () => {
  test.each([
    { was: {}, asked: 'w_status_D=1', admin: 'maint' },
    { was: {}, asked: 'w_status_N=1', admin: 'drain' },
    { was: {}, asked: 'w_status_S=1', admin: 'stopped' },
    { was: {}, asked: 'w_status_D=1&w_status_N=1', admin: 'maint' },
    { was: {}, asked: 'w_status_D=1&w_status_N=1&w_status_S=1', admin: 'stopped' },
    { was: { admin: 'drain' }, asked: 'w_status_D=0', admin: 'drain' },
    { was: { admin: 'drain' }, asked: 'w_status_D=1', admin: 'maint' },
    { was: { admin: 'drain' }, asked: 'w_status_N=0', admin: 'active' },
    { was: { admin: 'maint' }, asked: 'w_status_D=0', admin: 'active' },
    { was: { admin: 'maint' }, asked: 'w_status_N=1', admin: 'maint' },
    { was: { admin: 'maint' }, asked: 'w_status_D=0&w_status_N=1', admin: 'drain' },
    { was: { admin: 'stopped' }, asked: 'w_status_D=0&w_status_N=0', admin: 'stopped' },
    { was: { admin: 'stopped' }, asked: 'w_status_S=0&w_status_D=1', admin: 'maint' },
    { was: {}, asked: 'w_status_D=0&w_status_D=1', admin: 'maint' },
    { was: {}, asked: 'w_status_D=2', admin: 'maint' },
    { was: { admin: 'maint' }, asked: 'w_status_D=on', admin: 'active' },
    { was: { admin: 'maint' }, asked: 'w_status_D=', admin: 'active' },
    { was: {}, asked: 'w_status_H=1', role: 'standby' },
    { was: {}, asked: 'w_status_R=1', role: 'spare' },
    { was: { role: 'spare' }, asked: 'w_status_H=0', role: 'spare' },
    { was: { role: 'spare' }, asked: 'w_status_H=1', role: 'standby' },
    { was: { role: 'standby' }, asked: 'w_status_H=0', role: 'primary' },
    { was: {}, asked: 'w_status_I=1', ignoreErrors: true },
    { was: {}, asked: 'w_status_C=1', health: 'forced_down' },
    { was: { health: 'forced_down' }, asked: 'w_status_C=0', health: 'up' },
  ] as const)('of an origin with $was: $asked', async ({ was, asked, ...expected }) => {
    const scene = await Scene.open({ pools: poolWith(was) });
    const reply = await scene.change(asked);
    expect(reply.status).toBe(200);
    expect(scene.operator.origin({ pool: 'jbosscluster', id: 'jboss1' })).toMatchObject({ ...was, ...expected });
  });

  const ADMINS = ['active', 'drain', 'maint', 'stopped'] as const;
  const FOURS = Array.from({ length: 16 }, (_, bits) => bits);

  test.each(ADMINS)(
    'all four that the module of Ansible sends come out right for an origin that is %s',
    async (admin) => {
      for (const bits of FOURS) {
        const [D, N, H, I] = [bits & 1, (bits >> 1) & 1, (bits >> 2) & 1, (bits >> 3) & 1];
        const scene = await Scene.open({ pools: poolWith({ admin }) });
        await scene.change(`w_status_D=${D}&w_status_N=${N}&w_status_H=${H}&w_status_I=${I}`);
        expect(scene.operator.origin({ pool: 'jbosscluster', id: 'jboss1' })).toMatchObject({
          admin: admin === 'stopped' ? 'stopped' : D ? 'maint' : N ? 'drain' : 'active',
          role: H ? 'standby' : 'primary',
          ignoreErrors: I === 1,
        });
      }
    },
  );
});

describe('a change', () => {
  test('says who asked, by what way, and why; without a reason, in the words in which it was asked', async () => {
    const scene = await Scene.open();
    await scene.change('w_status_D=1');
    await scene.change('w_status_D=0&reason=deploy+42');
    await scene.change('w_lf=1.00&w_ls=0&w_status_D=0&w_status_N=1&w_status_H=0&w_status_I=0');
    const actor = { name: 'ops', source: 'balancer-manager', address: '127.0.0.1' };
    expect(scene.operator.changes.map(({ change, actor }) => ({ reason: change.reason, actor }))).toEqual([
      { reason: 'balancer-manager: w_status_D=1', actor },
      { reason: 'deploy 42', actor },
      { reason: 'balancer-manager: w_status_N=1', actor },
    ]);
  });

  test('of several things is one', async () => {
    const scene = await Scene.open();
    const reply = await scene.change('w_lf=7.00&w_ls=3&w_wr=jboss1&w_rr=&w_status_N=1&w_status_I=1');
    expect(reply.result).toBe('changed');
    expect(scene.operator.changes.map(({ change }) => change.values)).toEqual([
      { admin: 'drain', ignoreErrors: true, weight: 7, set: 3 },
    ]);
  });

  test('that changes nothing says so, and one that asks for nothing is a look', async () => {
    const scene = await Scene.open();
    expect((await scene.change('w_status_D=0')).result).toBe('unchanged');
    expect((await scene.change('')).result).toBeUndefined();
    expect((await scene.change('w_lf=&w_ls=')).result).toBeUndefined();
  });

  test('is read from query and body, of any type and beyond the 1024 bytes at which Apache ends', async () => {
    const scene = await Scene.open();
    const body = `padding=${'x'.repeat(5000)}&w=${WORKER}&w_status_D=1`;
    const path = `/balancer-manager?b=jbosscluster&nonce=${NONCE}&w=http://nowhere`;
    const reply = await scene.ask('POST', path, { body, headers: { 'Content-Type': 'text/plain' } });
    expect(reply.result).toBe('changed');
    expect(scene.operator.admins.jboss1).toBe('maint');
  });

  test.each([
    'b=JBOSScluster&w=HTTP://127.0.0.1:18101/',
    'b=jbosscluster&w=http%3A%2F%2F127.0.0.1%3A18101',
    'b=jbosscluster&w=http%253A%252F%252F127.0.0.1%253A18101%252F',
  ])('finds the origin of %s', async (names) => {
    const scene = await Scene.open();
    const body = `${names}&nonce=${NONCE}&w_status_D=1`;
    expect((await scene.ask('POST', '/balancer-manager', { body })).result).toBe('changed');
    expect(scene.operator.admins).toMatchObject({ jboss1: 'maint', jboss2: 'active' });
  });

  test('by HEAD is none', async () => {
    const scene = await Scene.open({ apache22: true });
    const reply = await scene.ask('HEAD', `/balancer-manager?b=jbosscluster&w=${WORKER}&nonce=${NONCE}&dw=Disable`, {});
    expect(reply.status).toBe(200);
    expect(scene.operator.changes).toEqual([]);
  });

  test('shows the page as it is then, with what was changed first', async () => {
    const { text } = await (await Scene.open()).change('w_status_N=1');
    expect(text).toContain(`>${WORKER}</a></td><td>jboss1</td><td></td><td>1.00</td><td>0</td><td>Init Drn Ok </td>`);
    expect(text).toContain(`Edit worker settings for ${WORKER}`);
  });

  test('from a form undoes nothing that was said since the form was made', async () => {
    const scene = await Scene.open();
    const { text } = await scene.get(`/balancer-manager?b=jbosscluster&w=${WORKER}`);
    const version = /name='version' id='version' value="(\d+)"/.exec(text)?.[1];
    await scene.change('w_status_N=1');
    expect((await scene.change(`w_lf=2&w_status_N=0&version=${version}`)).result).toBe(
      'refused; reason=version-mismatch',
    );
    expect(scene.operator.origin({ pool: 'jbosscluster', id: 'jboss1' })).toMatchObject({ admin: 'drain', weight: 1 });
    expect((await scene.change(`w_lf=2&w_status_N=1&version=${Number(version) + 1}`)).result).toBe('changed');
  });

  test('of a server that a pool has twice is of both', async () => {
    const pool = poolOf('jbosscluster', [
      { url: WORKER, id: 'one' },
      { url: WORKER, id: 'two' },
      { url: 'http://127.0.0.1:18102', id: 'three' },
    ]);
    const scene = await Scene.open({ pools: [pool] });
    await scene.change('w_status_D=1');
    expect(scene.operator.admins).toEqual({ one: 'maint', two: 'maint', three: 'active' });
  });
});

describe('the verbs of Apache 2.2', () => {
  const get = (verbs: string) => `/balancer-manager?b=jbosscluster&w=${WORKER}&nonce=${NONCE}&${verbs}`;

  test('change by GET when they are let, in any case', async () => {
    const scene = await Scene.open({ apache22: true });
    expect((await scene.get(get('dw=Disable&lf=9&ls=2'))).result).toBe('changed');
    expect(scene.operator.changes[0]?.change.values).toEqual({ admin: 'maint', weight: 9, set: 2 });
    await scene.get(get('dw=eNABLE'));
    expect(scene.operator.admins.jboss1).toBe('active');
  });

  test('change nothing by GET otherwise, and do by POST', async () => {
    const scene = await Scene.open();
    expect((await scene.get(get('dw=Disable'))).result).toBe('refused; reason=apache22-off');
    expect(scene.operator.changes).toEqual([]);
    expect((await scene.change('dw=Disable')).result).toBe('changed');
  });

  test('leave an origin that drains as it is when they enable it', async () => {
    const scene = await Scene.open({ pools: poolWith({ admin: 'drain' }), apache22: true });
    expect((await scene.get(get('dw=Enable'))).result).toBe('unchanged');
  });

  test('are the only ones that a GET may bring', async () => {
    const scene = await Scene.open({ apache22: true });
    expect((await scene.get(get('w_status_D=1'))).result).toBe('refused; reason=post-required');
    expect((await scene.get(get('dw=Disable&w_lf=4'))).result).toBe('refused; reason=post-required');
    expect(scene.operator.changes).toEqual([]);
  });
});

describe('the last usable origin', () => {
  test('is not taken away, but with force', async () => {
    const scene = await Scene.open({ pools: [poolOf('jbosscluster', [{ url: WORKER, id: 'jboss1' }])] });
    const refused = await scene.change('w_status_D=1');
    expect(refused.result).toBe('refused; reason=last-active-origin');
    expect(refused.text).toContain('with force=1 it is done all the same');
    expect(scene.operator.admins.jboss1).toBe('active');
    expect((await scene.change('w_status_D=1&force=1')).result).toBe('changed');
    expect(scene.operator.admins.jboss1).toBe('maint');
  });

  test('is taken away by a verb that has force with it, which a variable of a playbook may hold', async () => {
    const pools = [poolOf('jbosscluster', [{ url: WORKER, id: 'jboss1' }])];
    const scene = await Scene.open({ pools, apache22: true });
    const link = `/balancer-manager?b=jbosscluster&w=${WORKER}&nonce=${NONCE}&dw=Disable&force=1`;
    expect((await scene.get(link)).result).toBe('changed');
  });
});

describe('b_nwrkr', () => {
  const add = (scene: Scene, more: string, as = 'root') =>
    scene.ask('POST', '/balancer-manager', { as, body: `b=static&nonce=${NONCE}&${more}` });
  const URL = 'http://127.0.0.9:80';

  test('adds an origin that is disabled', async () => {
    const scene = await Scene.open();
    const reply = await add(scene, `b_nwrkr=${URL}&b_wyes=1&b_lbm=byrequests&b_tmo=0&b_max=1&b_sforce=0&b_ss=`);
    expect(reply).toMatchObject({ status: 200, result: 'changed' });
    expect(scene.operator.added).toMatchObject([{ pool: 'static', origin: { url: URL, admin: 'maint' } }]);
    expect(reply.text).toContain(
      `>${URL}</a></td><td>127.0.0.9:80</td><td></td><td>1.00</td><td>0</td><td>Init Dis </td>`,
    );
  });

  test.each([
    { name: 'without a confirmation', more: `b_nwrkr=${URL}`, reason: 'invalid' },
    { name: 'with another confirmation', more: `b_nwrkr=${URL}&b_wyes=yes`, reason: 'invalid' },
    { name: 'of what is no URL', more: 'b_nwrkr=nothing&b_wyes=1', reason: 'invalid' },
    { name: 'of what is there', more: 'b_nwrkr=http://127.0.0.2:18111&b_wyes=1', reason: 'duplicate' },
    { name: 'with a change of another', more: `b_nwrkr=${URL}&b_wyes=1&w_lf=3`, reason: 'invalid' },
  ])('$name is refused, by 400 as in Apache', async ({ more, reason }) => {
    const scene = await Scene.open();
    expect(await add(scene, more)).toMatchObject({ status: 400, result: `refused; reason=${reason}` });
    expect(scene.operator.added).toEqual([]);
  });

  test.each([
    { more: 'b_nwrkr=http://127.0.0.2:18111&b_wyes=1', status: 409 },
    { more: `b_nwrkr=${URL}`, status: 400 },
  ])('is refused by $status where the status has to tell: $more', async ({ more, status }) => {
    expect((await add(await Scene.open({ strict: true }), more)).status).toBe(status);
  });

  test('wants the role admin', async () => {
    const scene = await Scene.open();
    const reply = await add(scene, `b_nwrkr=${URL}&b_wyes=1`, 'ops');
    expect(reply.result).toBe('refused; reason=role-too-low');
    expect(scene.operator.records).toMatchObject([{ action: 'origin.add', actor: 'ops' }]);
  });
});
