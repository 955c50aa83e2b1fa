import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { formatHostPort, type HostPort } from '../../src/base/address.ts';
import type { Ms } from '../../src/base/units.ts';
import { decode, encodeAnswer } from '../../src/sibling/icp/message.ts';
import type { LogEvent } from '../support/event-log.ts';
import { valuesOf } from '../support/http1-parser.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { fetchRaw, type RawResponse } from '../support/raw-client.ts';
import { freePlace, Relay } from '../support/relay.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { PATIENCE, turn } from '../support/wait.ts';
import { type CacheLine, linesFor } from './cache-scene.ts';

/** What stories about siblings have in common: some nodes in front of one origin, and the network between each two. */

export interface SiblingScene {
  /** Default: a and b. */
  readonly names?: readonly string[];
  /** How the origin answers. */
  readonly script?: Script;
  /** `cache:` at the top. A disk tier has a directory for each node: `disk: { size: '64MiB' }`. */
  readonly cache?: { readonly disk?: object; readonly [setting: string]: unknown };
  /** More settings of the one site. */
  readonly site?: object;
  /** More settings of `siblings:`. Default: what a busy machine needs to answer in time; and no warm takeover. */
  readonly siblings?: object;
  /** Default: 1. */
  readonly workers?: number;
  /** One line that all of them know. */
  readonly secret?: string;
  /** They know each other by their own addresses, without a network that can be cut. */
  readonly isDirect?: boolean;
}

/** What is different for one node. */
export interface NodeScene {
  readonly siblings?: object | 'off';
  readonly node?: object;
  readonly cache?: object;
  readonly site?: object;
  /** Those that it knows. Default: all others. */
  readonly peers?: readonly string[];
  /** Beside them. */
  readonly strangers?: readonly object[];
  readonly secret?: string;
}

/** Nodes of the names that were told, none of which runs yet. */
export async function openScene(scene: SiblingScene = {}): Promise<Siblings> {
  const origin = await startOrigin(scene.script ?? (() => answer('ok', { fields: ['Cache-Control: max-age=3600'] })));
  const siblings = new Siblings(origin, scene);
  await siblings.open();
  return siblings;
}

/** The same, all of them running and linked. */
export async function startSiblings(
  scene: SiblingScene = {},
  special: Readonly<Record<string, NodeScene>> = {},
): Promise<Siblings> {
  const siblings = await openScene(scene);
  await Promise.all(siblings.members.map((member) => member.start(special[member.name] ?? {})));
  await siblings.linked();
  return siblings;
}

/** How one node reaches another: ICP and the link on one port, and HTTP. */
export interface Way {
  readonly icp: Relay;
  readonly http: Relay;
}

export class Siblings {
  readonly origin: ScriptedOrigin;
  readonly scene: SiblingScene;
  readonly members: Member[] = [];
  readonly #ways = new Map<string, Way>();

  constructor(origin: ScriptedOrigin, scene: SiblingScene) {
    this.origin = origin;
    this.scene = scene;
  }

  async open(): Promise<void> {
    const names = this.scene.names ?? ['a', 'b'];
    for (const [index, name] of names.entries()) this.members.push(await Member.open(this, name, index));
    for (const from of this.members) {
      for (const to of this.members) {
        if (from === to) continue;
        const icp = await Relay.open(to.seenAt, from.seenAt, to.icp);
        const http = await Relay.open(to.seenAt, from.seenAt, to.http);
        this.#ways.set(`${from.name}-${to.name}`, { icp, http });
      }
    }
  }

  of(name: string): Member {
    return this.members.find((member) => member.name === name) as Member;
  }

  /** From one to another. */
  way(from: string, to: string): Way {
    return this.#ways.get(`${from}-${to}`) as Way;
  }

  /** Both ways between two. */
  between(one: string, other: string): readonly Relay[] {
    return [this.way(one, other), this.way(other, one)].flatMap(({ icp, http }) => [icp, http]);
  }

  /** No packet gets from the one to the other. */
  part(one: string, other: string): void {
    for (const relay of this.between(one, other)) relay.cut();
  }

  async join(one: string, other: string): Promise<void> {
    await Promise.all(this.between(one, other).map((relay) => relay.mend()));
  }

  /** Resolves when each of them has found all others, or those that are named, since these began to be watched. */
  async linked(...names: readonly string[]): Promise<void> {
    const members = names.length === 0 ? this.members : names.map((name) => this.of(name));
    const pairs = members.flatMap((from) => members.filter((to) => to !== from).map((to) => [from, to] as const));
    await Promise.all(pairs.map(([from, to]) => from.linked(to.name)));
  }

  /** Of what the origin was asked for so often. */
  asked(target: string): number {
    return this.origin.requests.filter((request) => request.target === target).length;
  }
}

/** One of the nodes, whichever process it is just now. */
export class Member {
  readonly name: string;
  /** Where it answers by ICP. When this is changed, it goes there with its next reload, and so do others who ask it. */
  icp: HostPort;
  readonly http: HostPort;
  /** The address by which the others know it. */
  readonly seenAt: string;
  readonly dir: string;
  readonly #siblings: Siblings;
  #node: OperatedNode | undefined;
  #special: NodeScene = {};

  static async open(siblings: Siblings, name: string, index: number): Promise<Member> {
    const host = `127.0.1.${index + 1}`;
    const dir = await tempDir(`sibling-${name}`);
    return new Member(siblings, name, await freePlace(host), await freePlace(host), `127.0.2.${index + 1}`, dir);
  }

  private constructor(siblings: Siblings, name: string, icp: HostPort, http: HostPort, seenAt: string, dir: string) {
    this.#siblings = siblings;
    this.name = name;
    this.icp = icp;
    this.http = http;
    this.seenAt = seenAt;
    this.dir = dir;
  }

  get node(): OperatedNode {
    return this.#node as OperatedNode;
  }

  get portico() {
    return this.node.portico;
  }

  async start(special: NodeScene = this.#special): Promise<void> {
    this.#special = special;
    this.#node = await OperatedNode.start(await this.#config(), { dir: this.dir });
  }

  kill(): Promise<void> {
    return this.portico.kill();
  }

  /** Ends it, and starts it again in the same place. */
  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (signal === 'SIGKILL') await this.kill();
    else expect(await this.portico.stop()).toBe(0);
    await this.start();
  }

  /** A reload that makes this different. */
  async reload(special: NodeScene): Promise<LogEvent> {
    this.#special = special;
    return this.node.reload(await this.#config());
  }

  /** One request of a client; see `fetchRaw`. */
  ask(target: string, options: Parameters<typeof fetchRaw>[2] = {}): Promise<RawResponse> {
    const { host, port } = this.http;
    return fetchRaw(port, target, { ...options, socket: { host, ...options.socket } });
  }

  purge(target: string, ...head: string[]): Promise<RawResponse> {
    return this.ask(target, { method: 'PURGE', head });
  }

  /** Resolves when it is linked with that peer, from event `from` on. */
  async linked(peer: string, from = 0): Promise<void> {
    const isUp = ({ message, peer: named }: LogEvent) => message === 'link to sibling is up' && named === peer;
    await this.portico.events.waitFor(isUp, { from, limit: 12_000 });
  }

  /** Resolves when it has lost that peer, from event `from` on. */
  async lost(peer: string, from = 0): Promise<void> {
    const isDown = ({ message, peer: named }: LogEvent) => message === 'link to sibling is down' && named === peer;
    await this.portico.events.waitFor(isDown, { from, limit: 12_000 });
  }

  /** How many events there are by now. */
  get told(): number {
    return this.portico.events.all.length;
  }

  /** Events with this message. */
  said(message: string): readonly LogEvent[] {
    return this.portico.events.all.filter((event) => event.message === message);
  }

  /** Resolves when its disk tier has all these texts. */
  async onDisk(...texts: readonly string[]): Promise<void> {
    const directory = join(this.dir, 'objects');
    const missing = () => {
      const files = readdirSync(directory, { withFileTypes: true }).filter((each) => each.isFile());
      const contents = files.map(({ name }) => readFileSync(join(directory, name)));
      return texts.filter((text) => !contents.some((bytes) => bytes.includes(text)));
    };
    await expect.poll(missing, { timeout: PATIENCE, interval: 20 }).toEqual([]);
  }

  lines(target: string, count = 1): Promise<CacheLine[]> {
    return linesFor(this.portico, target, count);
  }

  /** What it says of that peer, by the API. */
  async account(peer: string): Promise<PeerAccount> {
    const { json } = await this.node.ask('GET /siblings');
    return json.siblings.find(({ name }: PeerAccount) => name === peer);
  }

  /** The same, when it says so. */
  async accountWhere(peer: string, isSo: (account: PeerAccount) => boolean, limit = PATIENCE): Promise<PeerAccount> {
    const late = performance.now() + limit;
    for (;;) {
      const account = await this.account(peer);
      if (isSo(account)) return account;
      if (performance.now() > late) throw new Error(`${peer} stayed ${JSON.stringify(account)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Its whole access log, when there are so many lines. */
  async log(count: number): Promise<readonly SiblingLine[]> {
    const deadline = AbortSignal.timeout(PATIENCE);
    const { accessLog } = this.portico;
    while (accessLog.all.length < count && !deadline.aborted) await turn();
    expect(accessLog.all.length).toBeGreaterThanOrEqual(count);
    return accessLog.all as SiblingLine[];
  }

  async #config(): Promise<object> {
    const { cache = {}, site, workers = 1, secret: common } = this.#siblings.scene;
    const special = this.#special;
    const disk = cache.disk === undefined ? {} : { disk: { directory: join(this.dir, 'objects'), ...cache.disk } };
    return {
      node: { name: this.name, workers, ...special.node },
      listeners: [{ address: formatHostPort(this.http.host, this.http.port), protocol: 'http' }],
      sites: [{ hosts: ['default'], pool: 'app', ...site, ...special.site }],
      pools: { app: { origins: [this.#siblings.origin.url] } },
      cache: { memory: '32MiB', purge_from: ['127.0.0.0/8'], ...cache, ...disk, ...special.cache },
      siblings: special.siblings === 'off' ? 'off' : await this.#settings(special, special.secret ?? common),
    };
  }

  async #settings({ siblings, peers, strangers = [] }: NodeScene, secret: string | undefined): Promise<object> {
    const { members, scene } = this.#siblings;
    const { isDirect = false } = scene;
    const { icp } = this;
    const others = members.filter(({ name }) => name !== this.name && (peers?.includes(name) ?? true));
    const secrets = secret === undefined ? {} : { secret_file: await this.#keep(secret) };
    return {
      icp: formatHostPort(icp.host, icp.port),
      allow: isDirect ? ['127.0.0.0/8'] : members.map(({ seenAt }) => seenAt),
      timeout: '2s',
      warm_up: 'off',
      ...secrets,
      ...scene.siblings,
      ...(siblings as object),
      peers: [
        ...others.map(({ name, icp, http }) => {
          const way = this.#siblings.way(this.name, name);
          const place = isDirect ? { icp, http } : { icp: way.icp.address, http: way.http.address };
          return { name, icp: placeOf(place.icp), url: `http://${placeOf(place.http)}` };
        }),
        ...strangers,
      ],
    };
  }

  async #keep(secret: string): Promise<string> {
    const file = join(this.dir, 'secrets', 'siblings');
    await mkdir(join(this.dir, 'secrets'), { recursive: true });
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    return file;
  }
}

/** Of a peer, as `GET /siblings` tells it. */
export interface PeerAccount {
  readonly name: string;
  readonly health: string;
  readonly fetching: string;
  readonly portico: boolean;
  readonly queries: number;
  readonly hits: number;
  readonly misses: number;
  readonly timeouts: number;
  readonly late: number;
  readonly fetched: number;
  readonly falseHits: number;
  readonly failed: number;
  readonly overdue: number;
  readonly served: number;
  readonly link: {
    readonly state: string;
    readonly told: string | null;
    readonly ours: { readonly behind: number | null };
  };
}

/**
 * A peer that answers each question with MISS, so long after it came: who asks it waits as long for others as well, and so
 * loses no answer to a busy machine. To be given as one of `strangers`.
 */
export async function slowStranger(delay: Ms): Promise<object> {
  const host = '127.0.2.99';
  const socket = createSocket('udp4');
  socket.bind({ address: host, port: 0 });
  await once(socket, 'listening');
  atTeardown(() => socket.close());
  let isOpen = true;
  socket.once('close', () => {
    isOpen = false;
  });
  socket.on('message', (packet, { address, port }) => {
    const question = decode(packet);
    if (typeof question === 'string' || question.opcode !== 'QUERY') return;
    setTimeout(() => isOpen && socket.send(encodeAnswer('MISS', question), port, address), delay).unref();
  });
  const icp = formatHostPort(host, socket.address().port);
  return { name: 'stranger', icp, url: `http://${icp}` };
}

export interface SiblingLine extends CacheLine {
  readonly sibling?: string;
  readonly from_sibling?: true;
  readonly first_byte_ms?: number;
}

function placeOf({ host, port }: HostPort): string {
  return formatHostPort(host, port);
}

/** What the node that answered says of its cache (RFC 9211), without its name and for how long it is fresh. */
export function toldBy(reply: RawResponse): string {
  const value = valuesOf(reply.fields, 'cache-status').join(', ').split(', ').at(-1) ?? '';
  return value.replace(/^[^;]*; /, '').replace(/; ttl=-?\d+/, '');
}

/** Runs so many of these at a time, in order. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await run(items[index] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}
