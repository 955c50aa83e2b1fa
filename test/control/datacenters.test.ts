import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { Datacenters } from '../../src/control/datacenters.ts';
import { type DnsSettings, dnsSettings } from '../../src/geodns/config.ts';
import type { PendingDatacenters } from '../../src/geodns/health/datacenter-health.ts';
import { DatacenterTable } from '../../src/geodns/health/table.ts';
import type { NotReady } from '../../src/metrics/readiness.ts';
import { eventLevels } from '../../src/observe/event-forward.ts';
import type { OperatorEvent } from '../../src/operator/commands.ts';
import { ensureSelfSigned } from '../../src/proxy/tls/self-signed.ts';
import { ALICE, file, Scene } from '../operator/scene.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';

/** Datacenters as control has them, in front of real servers in the place of other regions' nodes. */

/** Shorter than settings allow: what is waited for is what was found, not a time. */
const INTERVAL = 50;
const TIMEOUT = 150;

/** `slow`: it answers, but later than a check may take. */
type Behaviour = 'ready' | 'draining' | 'hanging' | 'slow';

let directory: string;
let elsewhere: { readonly cert: string; readonly key: string };

beforeAll(async () => {
  directory = await tempDir('region');
  elsewhere = ensureSelfSigned(directory, []);
});

/** A node of another region, and what it says of its readiness. */
class Region {
  does: Behaviour = 'ready';
  asked = 0;
  readonly url: string;
  readonly #server: Server;

  static async start(): Promise<Region> {
    const { cert, key } = elsewhere;
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Region(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`;
    server.on('request', (request, response) => {
      this.asked++;
      if (this.does === 'hanging') return;
      const status = request.url === '/readyz' && this.does !== 'draining' ? 200 : 503;
      const timer = setTimeout(() => response.writeHead(status).end(), this.does === 'slow' ? 2 * TIMEOUT : 0);
      response.on('close', () => clearTimeout(timer));
    });
    server.on('tlsClientError', () => {});
    atTeardown(() => this.die());
  }

  die(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function settingsOf(datacenters: Readonly<Record<string, object>>): DnsSettings['datacenters'] {
  const settings = dnsSettings.parse({ datacenters });
  if (settings === 'off') throw new Error('expected settings');
  return Object.fromEntries(
    Object.entries(settings.datacenters).map(([name, each]) => {
      if (each.check === 'off') return [name, each];
      return [name, { ...each, check: { ...each.check, interval: INTERVAL, timeout: TIMEOUT } }];
    }),
  );
}

/** One of the site; addresses are those that clients would get. */
function at(url: string, check: object = {}): object {
  return { addresses: ['192.0.2.10'], check: { url, ...check } };
}

class Node {
  notReady: readonly NotReady[] = [];
  readonly operated: Scene;
  readonly datacenters: Datacenters;
  table = DatacenterTable.create(0);
  readonly #events: OperatorEvent[] = [];
  #look = () => {};

  constructor(stateDir: string) {
    this.operated = new Scene(stateDir, file({ app: ['a'] }));
    this.datacenters = new Datacenters({
      operator: this.operated.operator.datacenters,
      readiness: () => ({ ready: this.notReady.length === 0, reasons: this.notReady }),
      log: eventLevels(() => {}),
    });
    this.operated.operator.events(0, (event) => {
      this.#events.push(event);
      this.#look();
    });
    atTeardown(() => this.close());
  }

  prepare(datacenters: Readonly<Record<string, object>>, choices?: readonly (readonly string[])[]): PendingDatacenters {
    const names = Object.keys(datacenters);
    const pending = this.datacenters.prepare(settingsOf(datacenters), choices ?? [names], 'here');
    this.table = new DatacenterTable(pending.memory);
    return pending;
  }

  async begin(...[datacenters, choices]: Parameters<Node['prepare']>): Promise<void> {
    const { checked, commit } = this.prepare(datacenters, choices);
    await within(checked, 'the first checks');
    commit();
  }

  get inService(): readonly number[] {
    return [...this.table.inService];
  }

  /** The first event of which this is so, of all since the start. */
  event(is: (type: string, detail: Readonly<Record<string, unknown>>) => boolean): Promise<OperatorEvent> {
    const found = new Promise<OperatorEvent>((resolve) => {
      this.#look = () => {
        const event = this.#events.find(({ type, detail }) => is(type, detail));
        if (event !== undefined) resolve(event);
      };
      this.#look();
    });
    return within(found, () => `an event after ${JSON.stringify(this.#events)}`);
  }

  turned(name: string, to: string): Promise<OperatorEvent> {
    return this.event((_, detail) => detail.datacenter === name && detail.to === to);
  }

  close(): void {
    this.datacenters.close();
    this.operated.operator.close();
  }
}

async function startNode(): Promise<Node> {
  return new Node(await tempDir('datacenters'));
}

describe('another region', () => {
  test('that is ready is in service, whatever its certificate', async () => {
    const node = await startNode();
    await node.begin({ uk: at((await Region.start()).url) });
    expect(node.datacenters.list()).toMatchObject([
      { name: 'uk', effective: 'serving', observed: { health: 'up', last: { took: expect.any(Number) } } },
    ]);
  });

  test.each<{ name: string; does: Behaviour | 'dead'; problem: string }>([
    { name: 'dies', does: 'dead', problem: 'connection refused' },
    { name: 'says that it is not ready', does: 'draining', problem: 'expected status 200-299, got 503' },
    { name: 'hangs', does: 'hanging', problem: `no answer within ${TIMEOUT}ms` },
    { name: 'is too slow', does: 'slow', problem: `no answer within ${TIMEOUT}ms` },
  ])('that $name leaves the answers', async ({ does, problem }) => {
    const [uk, us] = [await Region.start(), await Region.start()];
    const node = await startNode();
    await node.begin({ uk: at(uk.url), us: at(us.url) });
    expect(node.inService).toEqual([1, 1]);
    if (does === 'dead') uk.die();
    else uk.does = does;
    expect((await node.turned('uk', 'down')).detail).toMatchObject({ from: 'up', problem });
    expect(node.inService).toEqual([0, 1]);
  });

  test('comes back', async () => {
    const uk = await Region.start();
    uk.does = 'draining';
    const node = await startNode();
    await node.begin({ uk: at(uk.url), us: { addresses: ['192.0.2.1'], check: 'off' } });
    expect(node.inService, 'before the first answer').toEqual([0, 1]);
    uk.does = 'ready';
    await node.turned('uk', 'up');
    expect(node.inService).toEqual([1, 1]);
  });

  test.each([
    { name: 'nobody vouches for', check: () => ({ verify: true }), serving: false },
    { name: 'is the one that is trusted', check: () => ({ verify: true, ca: elsewhere.cert }), serving: true },
    { name: 'nobody looks at', check: () => ({}), serving: true },
  ])('whose certificate $name: in service $serving', async ({ check, serving }) => {
    const node = await startNode();
    await node.begin({ uk: at((await Region.start()).url, check()) });
    const [uk] = node.datacenters.list();
    expect(uk?.effective).toBe(serving ? 'serving' : 'down');
    if (!serving) expect(uk?.observed.problem).toContain('certificate refused');
  });

  test('is refused with the file of certificates that cannot be read', async () => {
    const node = await startNode();
    expect(() => node.prepare({ uk: at('https://127.0.0.1:1/', { ca: '/no/such/file' }) })).toThrow('/no/such/file');
  });
});

test('when all are out answers are given as if none were, and it is told', async () => {
  const uk = await Region.start();
  const node = await startNode();
  await node.begin({ uk: at(uk.url), us: at(`${await refusingOrigin()}/readyz`) });
  uk.die();
  const opened = await node.event((type) => type === 'dns-failing-open');
  expect(opened.detail).toEqual({ datacenters: ['uk', 'us'], open: true });
  expect(node.datacenters.failingOpen()).toEqual([['uk', 'us']]);
});

describe("this node's own datacenter", () => {
  test('follows its readiness, and is not asked for', async () => {
    const here = await Region.start();
    const node = await startNode();
    await node.begin({ here: at(here.url), uk: { addresses: ['192.0.2.1'], check: 'off' } });
    expect(node.datacenters.list()[0]).toMatchObject({ own: true, effective: 'serving' });
    node.notReady = ['draining'];
    node.datacenters.look();
    expect(node.datacenters.list()[0]).toMatchObject({ effective: 'drain', observed: { health: 'up' } });
    node.notReady = ['no-workers'];
    node.datacenters.look();
    expect(node.datacenters.list()[0]).toMatchObject({ effective: 'down', observed: { problem: 'no-workers' } });
    expect(here.asked).toBe(0);
  });
});

describe('an operator', () => {
  const STATIC = { addresses: ['192.0.2.1'], location: [51.5, -0.1], check: 'off' } as const;
  const drain = { admin: 'drain', reason: 'flooded' } as const;

  test('takes a datacenter out, and sees what becomes of it', async () => {
    const node = await startNode();
    await node.begin({ us: STATIC, uk: STATIC });
    expect(node.datacenters.set('uk', { ...drain, dryRun: true }, ALICE)).toMatchObject({
      ok: true,
      value: { effective: 'drain', word: { by: 'alice' } },
    });
    expect(node.inService).toEqual([1, 1]);
    const done = node.datacenters.set('uk', drain, ALICE);
    expect(done).toMatchObject({
      ok: true,
      value: { name: 'uk', location: [51.5, -0.1], effective: 'drain', word: { reason: 'flooded' } },
    });
    expect(done).toEqual({ ok: true, value: node.datacenters.list()[1] });
    expect(node.inService).toEqual([1, 0]);
  });

  test('does not take the last one without meaning to', async () => {
    const node = await startNode();
    await node.begin({ us: STATIC, uk: STATIC, au: STATIC }, [['us', 'uk'], ['au']]);
    expect(node.datacenters.set('uk', drain, ALICE).ok).toBe(true);
    expect(node.datacenters.set('us', drain, ALICE)).toMatchObject({ refusal: { kind: 'last-datacenter' } });
    expect(node.datacenters.set('au', drain, ALICE)).toMatchObject({ refusal: { kind: 'last-datacenter' } });
    expect(node.datacenters.set('us', { ...drain, force: true }, ALICE).ok).toBe(true);
    expect(node.datacenters.failingOpen()).toEqual([['us', 'uk']]);
  });

  test('is obeyed before the first answer after a restart', async () => {
    const node = await startNode();
    await node.begin({ us: STATIC, uk: STATIC });
    node.datacenters.set('uk', drain, ALICE);
    node.close();
    const again = new Node(node.operated.directory);
    const { commit } = again.prepare({ us: STATIC, uk: STATIC });
    expect(again.inService).toEqual([1, 0]);
    commit();
    expect(again.datacenters.list()[1]).toMatchObject({ word: { admin: 'drain', by: 'alice', reason: 'flooded' } });
  });

  test('is not obeyed for another datacenter that has the name later', async () => {
    const node = await startNode();
    await node.begin({ us: STATIC, uk: STATIC });
    node.datacenters.set('uk', drain, ALICE);
    await node.begin({ us: STATIC });
    await node.begin({ us: STATIC, uk: STATIC });
    expect(node.inService).toEqual([1, 1]);
  });
});
