import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { Journal } from '../support/journal.ts';
import { Lan, MAY_MAKE_LANS } from '../support/lan.ts';
import { LanNode } from '../support/lan-node.ts';
import { tempDir } from '../support/temp.ts';

/** Two real nodes share an address: what is told of it, and what operators do with it, by the command line. */

const VIP = '10.99.0.100';

/** Fast, as a test waits for it. */
const vrrp = (priority: number, more: object = {}) => ({
  instances: [
    {
      name: 'front',
      vrid: 51,
      interface: 'eth0',
      priority,
      advert_interval: '100ms',
      addresses: [`${VIP}/24`],
    },
  ],
  ...more,
});

interface Pair {
  readonly lan: Lan;
  readonly a: LanNode;
  readonly b: LanNode;
}

/** `a` is active, `b` its backup. */
async function pair(ofA: object = vrrp(200)): Promise<Pair> {
  const lan = Lan.open('a', 'b');
  const [a, b] = await Promise.all([LanNode.on(lan, 'a'), LanNode.on(lan, 'b')]);
  await a.start(ofA);
  await a.events.waitFor('vrrp active');
  await b.start(vrrp(100));
  await until(async () => (await b.vrrp()).instances[0].heard?.alive);
  return { lan, a, b };
}

/** What changes of itself within a second or two. */
async function until(isSo: () => Promise<unknown>): Promise<void> {
  for (let times = 0; times < 20; times++) if (await isSo()) return;
  throw new Error('it never came to be so');
}

const holders = ({ lan }: Pair) => ['a', 'b'].filter((host) => lan.addresses(host).includes(VIP));

/** They stay a moment where they were. */
async function settledAt(scene: Pair, host: string): Promise<void> {
  await expect.poll(() => holders(scene), { timeout: 3000 }).toEqual([host]);
}

describe.skipIf(!MAY_MAKE_LANS)('shared addresses of real nodes (needs root)', () => {
  test('are told of in words, by both', async () => {
    const scene = await pair();
    const { a, b } = scene;
    const { stdout, stderr, status } = await a.command('vrrp', 'status');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^floating addresses, 1 instance, agent ready/);
    expect(stdout).toMatch(/front +active .* 200 +nobody .*10\.99\.0\.100/);
    expect(stdout).toMatch(
      /front: active since \S+, because nobody advertised for .*; advertises priority 200, would yield to a priority above 200, or the same from an address above 10\.99\.0\.1\n/,
    );
    const other = (await b.command('vrrp')).stdout;
    expect(other).toMatch(/front: backup since .*; hears 10\.99\.0\.1 with priority 200; takes over after/);
    expect((await b.command('status')).stdout).toMatch(/ADDRESSES +STATE +FOR\nfront +backup/);
    await settledAt(scene, 'a');
  });

  test('are handed over, until they are resumed: make before break, told to who waits, and in the audit log', async () => {
    const scene = await pair();
    const { a, b } = scene;
    const over = await a.command('vrrp', 'handover', 'front', '--wait', '10s', '--reason', 'new switches');
    expect(over).toMatchObject({ status: 0, stderr: expect.not.stringContaining('portico:') });
    expect(over.stdout).toMatch(/^front: 10\.99\.0\.2 is active after /);
    await settledAt(scene, 'b');
    expect((await a.command('vrrp')).stdout).toMatch(/front +backup .*handed over by admin: new switches/);
    expect((await a.command('status')).stdout).toMatch(/addresses front +backup +handed over by admin: new switches/);
    const again = await b.command('vrrp', 'handover', 'frnt');
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('did you mean front?') });

    const back = await a.command('vrrp', 'resume', '--wait', '10s');
    expect(back).toMatchObject({ status: 0, stdout: expect.stringMatching(/^front: active after /) });
    await settledAt(scene, 'a');
    const none = await b.command('vrrp', 'handover');
    expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('expected active, front is backup') });
    const done = a.events.all.filter(({ message }) => message === 'operation done');
    expect(done).toMatchObject([
      {
        action: 'vrrp.change',
        target: 'vrrp/front',
        source: 'cli',
        reason: 'new switches',
        after: { maintenance: 'handover' },
      },
      { action: 'vrrp.change', after: { maintenance: 'none' } },
    ]);
  });

  test('stay where they are when nobody takes them over, which is told at once', async () => {
    const lan = Lan.open('a');
    const a = await LanNode.on(lan, 'a');
    await a.start(vrrp(200));
    await a.events.waitFor('vrrp active');
    const over = await a.command('vrrp', 'handover', '--wait', '10s');
    expect(over).toMatchObject({ status: 1, stderr: expect.stringContaining('front: nobody took over: active since') });
    const release = await a.command('vrrp', 'release', '--wait', '2s');
    expect(release).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /in vain after 2 s: front is released, hears nobody; it stays .* portico vrrp resume/,
      ),
    });
    expect(lan.addresses('a')).not.toContain(VIP);
  });

  test('once released stay so over a kill -9 and a restart, whatever becomes of the other node', async () => {
    const scene = await pair();
    const { a, b, lan } = scene;
    expect(await a.command('vrrp', 'release', '--wait', '10s', '--reason', 'no trust')).toMatchObject({ status: 0 });
    await settledAt(scene, 'b');
    await a.kill();
    await a.start(vrrp(200));
    await a.events.waitFor('vrrp released');
    await b.kill();
    const { stdout } = await a.command('vrrp');
    expect(stdout).toMatch(/front +released .*released by admin: no trust/);
    expect(stdout).toMatch(/front: released since .*because admin released it \(no trust\); takes no part until/);
    expect(lan.addresses('a')).not.toContain(VIP);
    expect(await a.command('vrrp', 'resume', 'front', '--wait', '10s')).toMatchObject({ status: 0 });
    expect(lan.addresses('a')).toContain(VIP);
  });

  test('are not released where that cannot be kept, and a damaged file of what was said is told of', async () => {
    const lan = Lan.open('a');
    const a = await LanNode.on(lan, 'a');
    const state = await tempDir();
    const file = join(state, 'vrrp.json');
    writeFileSync(file, '{"front":null}');
    await a.start(vrrp(200), { node: { state_dir: state } });
    expect(await a.events.waitFor(({ level }) => level === 'error')).toMatchObject({ file, copy: `${file}.damaged` });
    await a.events.waitFor('vrrp active');
    rmSync(file);
    mkdirSync(file);
    const release = await a.command('vrrp', 'release', '--reason', 'no trust');
    expect(release).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('EISDIR') });
    expect((await a.vrrp()).instances[0]).toMatchObject({ role: 'active', maintenance: null });
    expect(lan.addresses('a')).toContain(VIP);
  });

  test('that were released by hand stay so when the drain of the node ends', async () => {
    const { b } = await pair();
    await b.command('vrrp', 'release', '--reason', 'by hand');
    await b.command('node', 'drain', '--reason', 'both');
    await b.command('node', 'resume');
    expect((await b.vrrp()).instances[0]).toMatchObject({ role: 'released', maintenance: { by: 'admin' } });
  });

  test('of a node that drains stay away over a restart, and come back when it is resumed', async () => {
    const scene = await pair();
    const { a, b } = scene;
    await a.command('node', 'drain', '--reason', 'kernel update');
    await b.events.waitFor('vrrp active');
    expect((await a.vrrp()).instances[0].maintenance).toEqual({
      kind: 'handover',
      by: 'node drain',
      reason: 'admin: kernel update',
    });
    await a.kill();
    await a.start(vrrp(200));
    await settledAt(scene, 'b');
    expect((await a.vrrp()).instances[0]).toMatchObject({ role: 'backup', maintenance: { by: 'node drain' } });
    const from = a.events.all.length;
    await a.command('node', 'resume');
    await a.events.waitFor('vrrp active', { from });
    expect((await a.vrrp()).instances[0]).toMatchObject({ role: 'active', maintenance: null });
  });

  test('without their process are told to be away, and whoever follows hears of all that happens', async () => {
    const lan = Lan.open('a');
    const script = `require('http').createServer((q, r) => { q.on('data', (d) => console.log(String(d))); q.on('end', () => r.end()); }).listen(8888, '127.0.0.1')`;
    const sink = lan.spawn('a', process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const told = new Journal<object>('message of the webhook');
    createInterface({ input: sink.stdout as NodeJS.ReadableStream }).on('line', (line) => told.add(JSON.parse(line)));
    const a = await LanNode.on(lan, 'a');
    await a.start(vrrp(200, { webhook: 'http://127.0.0.1:8888/hook' }), { node: { region: 'eu' } });
    const isActive = (message: object) => (message as { to?: string }).to === 'active';
    expect(await told.waitFor(isActive)).toMatchObject({
      event: 'role',
      node: 'a',
      region: 'eu',
      instance: 'front',
      from: 'backup',
      reason: 'silence',
      because: expect.stringContaining('nobody advertised'),
    });
    const from = told.all.length;
    process.kill(a.agent, 'SIGKILL');
    await told.waitFor(isActive, { from });
    expect(told.all.slice(from)).toMatchObject([
      { event: 'agent', ready: false, says: expect.stringContaining('SIGKILL') },
      { event: 'agent', ready: true },
      { event: 'role', to: 'backup' },
      { event: 'role', to: 'active' },
    ]);
    const { agent, instances } = await a.vrrp();
    expect(agent).toMatchObject({ ready: true, deaths: 1 });
    expect(instances).toMatchObject([{ name: 'front', role: 'active' }]);
  });
});
