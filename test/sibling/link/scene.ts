import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import type { PurgeOrder } from '../../../src/cache/purge/order.ts';
import { Link, type LinkOptions } from '../../../src/sibling/link/link.ts';
import type { LinkTiming } from '../../../src/sibling/link/timing.ts';
import type { PeerPlan } from '../../../src/sibling/plan.ts';
import { type LoggedEvent, recordedLog } from '../../cache/disk/scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';

/** As in production, some times quicker. */
export const QUICK: LinkTiming = {
  beat: 40,
  silence: 400,
  clogged: 400,
  connect: 400,
  greeting: 400,
  retryFirst: 10,
  retryMost: 80,
  retryStrange: 160,
  nudge: 20,
  acknowledge: 300,
};

export const url = (text: string): PurgeOrder => ({ kind: 'url', text });
export const ALL: PurgeOrder = { kind: 'all' };

export function peer(name: string, icp: HostPort, slot = 0): PeerPlan {
  return { name, slot, icp, htcp: undefined, url: `http://${icp.host}` };
}

export interface NodeOptions extends Partial<Pick<LinkOptions, 'apply' | 'hottest' | 'now' | 'timing'>> {
  readonly secret?: string;
  readonly peers?: readonly PeerPlan[];
  readonly port?: number;
  readonly stateDir?: string;
  /** With a disk tier. */
  readonly disk?: string;
}

/** A node, as far as the link goes: what it would purge, and what is told of it, in the order in which it happens. */
export class LinkedNode {
  readonly name: string;
  readonly stateDir: string;
  readonly events: readonly LoggedEvent[];
  /** `purge …`, `portico 0 true`, `suspect`, `trust`. */
  readonly story: string[];
  readonly link: Link;
  #isOpen = true;

  /** `host`: one of 127.0.0.0/8, its own. */
  static async start(name: string, host: string, options: NodeOptions = {}): Promise<LinkedNode> {
    const { log, events } = recordedLog();
    const story: string[] = [];
    const stateDir = options.stateDir ?? (await tempDir('link'));
    const link = await Link.open({
      node: name,
      stateDir,
      diskDirectory: options.disk,
      plan: { icp: { host, port: options.port ?? 0 }, secret: options.secret, peers: options.peers ?? [] },
      apply: (orders, soft) => {
        const problem = options.apply?.(orders, soft);
        for (const order of orders)
          story.push(`${soft ? 'soft' : 'purge'} ${order.kind === 'all' ? 'all' : `${order.kind} ${order.text}`}`);
        return problem;
      },
      suspect: () => story.push('suspect'),
      trust: () => story.push('trust'),
      onPortico: (slot, isPortico) => story.push(`portico ${slot} ${isPortico}`),
      log,
      now: options.now ?? Date.now,
      timing: { ...QUICK, ...options.timing },
      ...(options.hottest !== undefined && { hottest: options.hottest }),
    });
    const node = new LinkedNode(name, stateDir, events, story, link);
    atTeardown(() => node.end());
    return node;
  }

  private constructor(name: string, stateDir: string, events: readonly LoggedEvent[], story: string[], link: Link) {
    this.name = name;
    this.stateDir = stateDir;
    this.events = events;
    this.story = story;
    this.link = link;
  }

  get address(): HostPort {
    return this.link.address;
  }

  /** What was purged here, without what else happened. */
  get purged(): readonly string[] {
    return this.story.flatMap((line) => /^(?:purge|soft) (?:url )?(.*)/.exec(line)?.[1] ?? []);
  }

  said(event: string): number {
    return this.events.filter((each) => each.event === event).length;
  }

  /** As it was, with these peers. */
  async know(...peers: readonly PeerPlan[]): Promise<void> {
    await this.link.update({ icp: this.address, secret: undefined, peers });
  }

  async until(line: string, times = 1): Promise<void> {
    await expect
      .poll(() => this.story.filter((each) => each === line).length, { timeout: 8000, interval: 5 })
      .toBeGreaterThanOrEqual(times);
  }

  async purge(...orders: readonly PurgeOrder[]): Promise<Readonly<Record<string, string>>> {
    const receipts = await this.link.publish(orders, false);
    return Object.fromEntries(receipts.map(({ peer: name, outcome }) => [name, outcome]));
  }

  async end(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.link.close();
  }
}

/** Two that know each other and are linked both ways. */
export async function pair(): Promise<{ a: LinkedNode; b: LinkedNode }> {
  const a = await LinkedNode.start('a', '127.0.0.11');
  const b = await LinkedNode.start('b', '127.0.0.12', { peers: [peer('a', a.address)] });
  await a.know(peer('b', b.address));
  await linked(a, b);
  return { a, b };
}

export async function linked(...nodes: readonly LinkedNode[]): Promise<void> {
  for (const { link } of nodes) {
    await expect
      .poll(() => link.status().every((each) => each.linked !== undefined && each.subscribed !== undefined), {
        timeout: 8000,
        interval: 5,
      })
      .toBe(true);
  }
}

/** When none of them has a connection any more. */
export async function parted(...nodes: readonly LinkedNode[]): Promise<void> {
  for (const { link } of nodes) {
    await expect
      .poll(() => link.status().every((each) => each.linked === undefined && each.subscribed === undefined), {
        timeout: 8000,
        interval: 5,
      })
      .toBe(true);
  }
}

/**
 * What lies between two nodes: each knows the other by the relay's address in its place. It forwards, or loses all that is
 * sent without a word, as a network does that is cut.
 */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  /** `as`: the address that connections to `to` come from. */
  static async between(host: string, as: string, to: HostPort): Promise<Relay> {
    const relay = new Relay(as, to);
    relay.#server.listen(0, host);
    await once(relay.#server, 'listening');
    atTeardown(() => relay.#close());
    return relay;
  }

  private constructor(as: string, to: HostPort) {
    this.#server = createServer((near) => {
      this.#keep(near);
      if (this.#isCut) return;
      const far = connect({ ...to, localAddress: as });
      this.#keep(far);
      for (const [from, other] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (bytes) => this.#isCut || other.write(bytes));
        from.on('close', () => this.#isCut || other.destroy());
      }
    });
  }

  get address(): HostPort {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Nothing gets through, and nobody is told. */
  cut(): void {
    this.#isCut = true;
  }

  /** New connections get through again; those that were cut hear that they are lost, as after a time-out. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #close(): void {
    this.mend();
    this.#server.close();
  }
}

/** Two with a network between them that can be cut: each knows the other by the address of a relay. */
export async function apart(options: { readonly a?: NodeOptions; readonly b?: NodeOptions } = {}) {
  const a = await LinkedNode.start('a', '127.0.0.11', options.a);
  const b = await LinkedNode.start('b', '127.0.0.12', options.b);
  const toB = await Relay.between('127.0.0.32', '127.0.0.31', b.address);
  const toA = await Relay.between('127.0.0.31', '127.0.0.32', a.address);
  const network = {
    cut: () => {
      for (const relay of [toA, toB]) relay.cut();
    },
    mend: () => {
      for (const relay of [toA, toB]) relay.mend();
    },
  };
  await a.know(peer('b', toB.address));
  await b.know(peer('a', toA.address));
  await linked(a, b);
  return { a, b, network, toA, toB };
}
