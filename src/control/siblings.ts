import type { Server } from 'node:net';
import type { HostPort } from '../base/address.ts';
import { monotonicNow } from '../base/monotonic.ts';
import type { Ms } from '../base/units.ts';
import type { Inquiry, RulesOf } from '../cache/inquiry.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { SiblingReceipt } from '../proxy/siblings.ts';
import type { PeerSettings, SiblingSettings } from '../sibling/config.ts';
import { HtcpClient } from '../sibling/htcp/client.ts';
import { type ClearSource, HtcpServer } from '../sibling/htcp/server.ts';
import { IcpServer } from '../sibling/icp/server.ts';
import { Link } from '../sibling/link/link.ts';
import { PeerTable } from '../sibling/peer-table.ts';
import type { PeerPlan, SiblingPlan } from '../sibling/plan.ts';
import { planSiblings } from '../sibling/planner.ts';
import type { SiblingReport } from '../sibling/state.ts';
import { RefusedError } from './refused-error.ts';
import { clearUrls } from './sibling-purges.ts';
import { WarmTakeover } from './warm-takeover.ts';

export interface SiblingNodeOptions {
  readonly file: string;
  /** `node.name`. */
  readonly node: string;
  readonly stateDir: string;
  /** Of the disk tier. */
  readonly diskDirectory: string | undefined;
  readonly workers: number;
  readonly cache: SharedCache;
  readonly rulesOf: RulesOf;
  readonly isOwnPort: (port: number) => boolean;
  readonly isDraining: () => boolean;
  /** Purges here all variants of a URL, and tells all siblings but who sent it. `false`: it is no such URL. */
  readonly purgeUrl: (url: string, from: ClearSource) => boolean;
  readonly fill: (slot: number, url: string, fields: readonly string[]) => Promise<number | undefined>;
  readonly log: EventLog;
  readonly now: () => Ms;
}

/** What a generation wants, opened beside what there is: in force after `commit`, as if it had not been after `abandon`. */
export interface PendingSiblings {
  readonly plan: SiblingPlan | undefined;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

interface Servers {
  readonly icp: IcpServer | undefined;
  readonly htcp: HtcpServer | undefined;
  readonly clears: HtcpClient | undefined;
  readonly link: Link | undefined;
}

interface Opened extends Servers {
  /** Where the link goes, if it moves. */
  readonly place: Server | undefined;
}

const NOTHING: Servers = { icp: undefined, htcp: undefined, clears: undefined, link: undefined };

/** The siblings as control has them: answers those that ask, is linked with Portico nodes, and carries purges between. */
export class SiblingNode {
  /** What all threads know of the peers; control's column is the last. */
  readonly memory: SharedArrayBuffer;
  readonly table: PeerTable;
  readonly #options: SiblingNodeOptions;
  readonly #inquiry: Inquiry;
  readonly #warm: WarmTakeover;
  #plan: SiblingPlan | undefined;
  #servers: Servers = NOTHING;

  constructor(options: SiblingNodeOptions) {
    const { workers, cache, rulesOf, isOwnPort, fill, log } = options;
    this.#options = options;
    this.memory = PeerTable.allocate(workers + 1);
    this.table = new PeerTable(this.memory, workers + 1, workers);
    this.#inquiry = cache.inquiry(rulesOf, isOwnPort);
    this.#warm = new WarmTakeover({ inquiry: this.#inquiry, fill, log, summary: () => cache.summary() });
  }

  get plan(): SiblingPlan | undefined {
    return this.#plan;
  }

  /** `slot`: the row of a peer in the peer table. Throws a `RefusedError` that says which file or address cannot be used. */
  async prepare(settings: SiblingSettings | 'off', slot: (peer: PeerSettings) => number): Promise<PendingSiblings> {
    const before = this.#servers;
    const plan = settings === 'off' ? undefined : this.#planned(settings, slot);
    const { place, ...next } = plan === undefined ? { ...NOTHING, place: undefined } : await this.#open(plan, before);
    return {
      plan,
      commit: async () => {
        this.#servers = next;
        this.#plan = plan;
        await this.#update(plan, place);
        await closeOthers(before, next);
        // Who is no sibling any more is not caught up with.
        if (before.link !== undefined && next.link === undefined) this.#options.cache.trustStored();
      },
      abandon: async () => {
        this.#servers = before;
        place?.close();
        await closeOthers(next, before);
        if (before.link === undefined && next.link !== undefined) this.#options.cache.trustStored();
      },
    };
  }

  /** Purges what siblings purged while we were away. Before anybody is served; it takes half a second at most. */
  async catchUp(): Promise<void> {
    await this.#servers.link?.catchUp();
  }

  /** Gets what a sibling is asked for most, if there is little in the cache. */
  async warmUp(): Promise<void> {
    const { link } = this.#servers;
    if (link !== undefined && this.#plan?.warmUp !== undefined) await this.#warm.run(link, this.#plan.warmUp);
  }

  /**
   * Tells siblings of a purge that was made here. Portico nodes by the link, others by HTCP, where they take it; but not
   * who told us by HTCP, nor any other of its kind then: they may forward it themselves, in circles. HTCP knows single
   * URLs and no soft purges. Never rejects: what went wrong here is told in the log, and nobody has acknowledged it then.
   */
  async publish(orders: readonly PurgeOrder[], soft: boolean, from?: ClearSource): Promise<readonly SiblingReceipt[]> {
    const peers = this.#plan?.peers ?? [];
    if (peers.length === 0 || orders.length === 0) return [];
    try {
      return await this.#tell(peers, orders, soft, from);
    } catch (error) {
      this.#options.log.error('siblings were not told of a purge', { error });
      return peers.map(({ name }) => ({ peer: name, outcome: 'not-acknowledged' }));
    }
  }

  /** How it stands with each peer, and what we were sent. */
  report(): SiblingReport {
    const { icp, htcp, link } = this.#servers;
    const peers = this.#plan?.peers ?? [];
    const links = link?.status() ?? [];
    return {
      peers: peers.map((plan) => ({
        plan,
        account: this.table.account(plan.slot),
        link: links.find(({ slot }) => slot === plan.slot),
      })),
      icp: icp?.counts ?? {},
      htcp: htcp?.counts ?? {},
      dropped: peers.length === 0 ? {} : this.table.drops(),
    };
  }

  async close(): Promise<void> {
    this.#warm.stop();
    const servers = this.#servers;
    this.#servers = NOTHING;
    await closeOthers(servers, NOTHING);
  }

  async #tell(
    peers: readonly PeerPlan[],
    orders: readonly PurgeOrder[],
    soft: boolean,
    from: ClearSource | undefined,
  ): Promise<readonly SiblingReceipt[]> {
    const { link, clears } = this.#servers;
    const others = from === undefined ? peers.filter(({ slot }) => !this.table.isPortico(slot)) : [];
    const [linked, cleared] = await Promise.all([
      link?.publish(orders, soft) ?? [],
      clearUrls(orders, soft, others, clears),
    ]);
    return peers.map(({ name, slot }): SiblingReceipt => {
      const receipt = linked.find((each) => each.slot === slot);
      if (receipt !== undefined && receipt.outcome !== 'unknown') return { peer: name, outcome: receipt.outcome };
      return { peer: name, outcome: cleared.get(slot) ?? 'not-told' };
    });
  }

  #planned(settings: SiblingSettings, slot: (peer: PeerSettings) => number): SiblingPlan {
    try {
      return planSiblings(settings, slot);
    } catch (error) {
      throw new RefusedError([`${this.#options.file}: ${(error as Error).message}`]);
    }
  }

  async #open(plan: SiblingPlan, before: Servers): Promise<Opened> {
    const opened: { -readonly [Part in keyof Servers]: Servers[Part] } = { ...NOTHING };
    try {
      opened.icp = isAt(plan.icp, this.#plan?.icp) ? before.icp : await this.#openIcp(plan);
      opened.htcp = isAt(plan.htcp, this.#plan?.htcp) ? before.htcp : await this.#openHtcp(plan);
      const isFromThere = clearsFrom(plan) === (this.#plan && clearsFrom(this.#plan));
      opened.clears = isFromThere ? before.clears : await this.#openClears(plan);
      if (plan.icp === undefined) return { ...opened, place: undefined };
      opened.link = before.link ?? (await this.#openLink(plan.icp, plan));
      return { ...opened, place: await before.link?.reserve(plan.icp) };
    } catch (error) {
      await closeOthers(opened, before);
      throw new RefusedError([`${this.#options.file} siblings: ${(error as Error).message}`]);
    }
  }

  async #openIcp(plan: SiblingPlan): Promise<IcpServer | undefined> {
    if (plan.icp === undefined) return undefined;
    const { isDraining, log } = this.#options;
    const server = new IcpServer({
      plan,
      inquiry: this.#inquiry,
      isPortico: (slot) => this.table.isPortico(slot),
      isBusy: () => isDraining() || this.#warm.isRunning,
      log,
      now: monotonicNow,
    });
    await server.listen(plan.icp);
    return server;
  }

  async #openHtcp(plan: SiblingPlan): Promise<HtcpServer | undefined> {
    if (plan.htcp === undefined) return undefined;
    const { log, purgeUrl, now } = this.#options;
    const server = new HtcpServer({
      plan,
      inquiry: this.#inquiry,
      purge: purgeUrl,
      isPortico: (slot) => this.table.isPortico(slot),
      log,
      now,
      monotonic: monotonicNow,
    });
    await server.listen(plan.htcp);
    return server;
  }

  async #openClears(plan: SiblingPlan): Promise<HtcpClient | undefined> {
    const host = clearsFrom(plan);
    if (host === undefined) return undefined;
    const client = new HtcpClient(this.#options.log);
    await client.open(host);
    return client;
  }

  async #openLink(icp: HostPort, { secret, peers }: SiblingPlan): Promise<Link> {
    const { node, stateDir, diskDirectory, cache, log, now } = this.#options;
    return Link.open({
      node,
      stateDir,
      diskDirectory,
      plan: { icp, secret, peers },
      apply: (orders, soft) => cache.purge(orders, soft).problem,
      suspect: () => cache.suspectStored(),
      trust: () => cache.trustStored(),
      onPortico: (slot, isPortico) => this.table.setPortico(slot, isPortico),
      hottest: (count) => cache.hottest(count),
      log,
      now,
    });
  }

  /** Servers that stay get the new lists. */
  async #update(plan: SiblingPlan | undefined, place: Server | undefined): Promise<void> {
    if (plan === undefined) return;
    const { icp, htcp, link } = this.#servers;
    icp?.update(plan);
    htcp?.update(plan);
    if (plan.icp !== undefined) {
      await link?.update({ icp: plan.icp, secret: plan.secret, peers: plan.peers }, place);
    }
  }
}

/** From which address purges go out by HTCP: one that peers know us by. `undefined`: there is nobody to be told so. */
function clearsFrom({ htcp, icp, peers }: SiblingPlan): string | undefined {
  return peers.some((peer) => peer.htcp !== undefined) ? (htcp ?? icp)?.host : undefined;
}

function isAt(next: SiblingPlan['icp'], now: SiblingPlan['icp']): boolean {
  return next !== undefined && next.host === now?.host && next.port === now.port;
}

async function closeOthers(servers: Servers, kept: Servers): Promise<void> {
  await Promise.all(
    (['icp', 'htcp', 'clears', 'link'] as const).map((part) =>
      servers[part] === kept[part] ? undefined : servers[part]?.close(),
    ),
  );
}
