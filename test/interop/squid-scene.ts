import { expect } from 'vitest';
import type { CacheLine } from '../stories/cache-scene.ts';
import { freePorts, ownAddress } from '../support/free-ports.ts';
import type { Journal } from '../support/journal.ts';
import { answer, type OriginRequest, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import {
  type Squid,
  type SquidPlace,
  squidHasOpenssl,
  squidPlace,
  startSquid,
  type TlsFiles,
} from '../support/squid.ts';
import { type PassedPacket, UdpRelay } from '../support/udp-relay.ts';

/** A Portico and a Squid in front of one origin, siblings of each other. Each has an address that it answers and asks from. */

export const SQUID = ownAddress(61);
export const PORTICO = ownAddress(62);
export const HOST = 'www.site.test';

/** What clients write in Host, and what becomes of it in keys. */
export const HOSTS = [
  { named: 'WWW.Site.Test', kept: 'www.site.test' },
  { named: 'www.site.test:80', kept: 'www.site.test' },
  { named: 'www.site.test:8081', kept: 'www.site.test:8081' },
] as const;

export interface PairOptions {
  /** More of Portico's configuration, and of its `siblings:`. */
  readonly portico?: object;
  readonly siblings?: object;
  /** Squid asks and purges by HTCP, and not by ICP, and Portico purges by it; more options of that. */
  readonly htcp?: { readonly forwardsClears?: boolean };
  /** More lines of Squid's configuration. */
  readonly squid?: readonly string[];
  /** Who has issued this certificate is believed by both, which go to each other's https port then. */
  readonly tls?: TlsFiles & { readonly ca: string };
  /** Both have an https port with this certificate, and go to each other's http port. */
  readonly https?: TlsFiles;
}

export interface Asked {
  readonly target: string;
  /** As Squid has it. */
  readonly url: string;
  readonly reply: RawResponse;
  readonly lines: readonly CacheLine[];
}

type Where = Parameters<typeof fetchRaw>[2];

export async function openPair(options: PairOptions = {}): Promise<Pair> {
  const origin = await startOrigin(reply);
  const [icp = 0, htcp = 0] = await freePorts(PORTICO, 2);
  const place = await squidPlace(SQUID);
  const relay = await UdpRelay.open({ host: PORTICO, port: htcp }, SQUID);
  const config = porticoConfig(origin, { icp, htcp }, place, options);
  const portico = await startPortico(config);
  const line = peerLine(portico.port(options.tls === undefined ? 0 : 1), { icp, htcp: relay.port }, options);
  const lines = [line, ...(options.squid ?? WELCOME)];
  const squid = await startSquid(place, { origin, tls: options.tls ?? options.https, lines });
  return new Pair({ origin, portico, squid, config, peerLine: line, toHtcp: relay.passed });
}

/** That Squid lets Portico, and nobody else, ask and purge. */
export const WELCOME: readonly string[] = [
  `acl portico src ${PORTICO}`,
  'icp_access allow portico',
  'htcp_access allow portico',
  'htcp_clr_access allow portico',
];

function porticoConfig(
  { url }: ScriptedOrigin,
  { icp, htcp }: { readonly icp: number; readonly htcp: number },
  place: SquidPlace,
  { portico, siblings, tls, htcp: purges }: PairOptions,
): PorticoConfig {
  const squid = {
    name: 'squid',
    icp: `${SQUID}:${place.icp}`,
    url: tls === undefined ? `http://${SQUID}:${place.http}` : `https://${SQUID}:${place.https}`,
    ...(purges && { htcp: `${SQUID}:${place.htcp}` }),
    ...(tls && { tls: { ca: tls.ca, server_name: HOST } }),
  };
  return {
    node: { name: 'portico', workers: 1 },
    listeners: [
      { address: `${PORTICO}:0`, protocol: 'http' },
      {
        address: `${PORTICO}:0`,
        protocol: 'https',
        certificates: tls === undefined ? [] : [{ cert: tls.cert, key: tls.key }],
      },
    ],
    sites: [{ hosts: ['default'], pool: 'app' }],
    pools: { app: { origins: [url] } },
    cache: { purge_from: ['127.0.0.1'] },
    siblings: {
      icp: `${PORTICO}:${icp}`,
      htcp: `${PORTICO}:${htcp}`,
      allow: [SQUID],
      clear_from: [SQUID],
      // What is tested is what becomes of an exchange, not how long the machine takes for it.
      timeout: '500ms',
      peers: [squid],
      ...siblings,
    },
    ...portico,
  };
}

/**
 * Debian has Squid with OpenSSL, and with GnuTLS. The latter takes the session tickets of TLS 1.3 for the end of a
 * connection to a peer, and does not look for another name in its certificate than that of the peer.
 */
const TLS_OF_SQUID = squidHasOpenssl() ? `ssldomain=${HOST}` : 'tls-options=NORMAL:-VERS-TLS1.3';

interface PorticoConfig extends Readonly<Record<string, unknown>> {
  readonly listeners: readonly object[];
}

function peerLine(http: number, { icp, htcp }: { icp: number; htcp: number }, options: PairOptions): string {
  const { htcp: withHtcp, tls } = options;
  const how = withHtcp === undefined ? icp : `${htcp} htcp${withHtcp.forwardsClears ? '=forward-clr' : ''}`;
  const secure = tls === undefined ? '' : `tls tls-cafile=${tls.ca} ${TLS_OF_SQUID}`;
  return `cache_peer ${PORTICO} sibling ${http} ${how} name=portico no-digest no-netdb-exchange ${secure}`;
}

/** Below /varied/ it speaks the language that it is asked for; below /brief/ what it says holds for 20 s. */
function reply(request: OriginRequest): Buffer {
  const { target } = request;
  const date = `Date: ${new Date().toUTCString()}`;
  const kept = (seconds: number, ...fields: string[]) => [`Cache-Control: public, max-age=${seconds}`, date, ...fields];
  if (target.startsWith('/brief/')) return answer('brief', { fields: kept(20) });
  if (!target.startsWith('/varied/')) return answer('whole', { fields: kept(1_000, 'Age: 100') });
  const language = fieldOf(request, 'accept-language') ?? 'none';
  return answer(language, { fields: kept(1_000, 'Vary: Accept-Language') });
}

interface PairParts extends Pick<Pair, 'origin' | 'portico' | 'squid' | 'peerLine' | 'toHtcp'> {
  readonly config: PorticoConfig;
}

export class Pair {
  readonly origin: ScriptedOrigin;
  readonly portico: Portico;
  readonly squid: Squid;
  /** By which Squid knows Portico. */
  readonly peerLine: string;
  /** What Squid sends to Portico's HTCP, and the answers. */
  readonly toHtcp: Journal<PassedPacket>;
  readonly #config: PorticoConfig;
  #targets = 0;

  constructor({ origin, portico, squid, config, peerLine, toHtcp }: PairParts) {
    this.origin = origin;
    this.portico = portico;
    this.squid = squid;
    this.peerLine = peerLine;
    this.toHtcp = toHtcp;
    this.#config = config;
  }

  /** A target that nobody has asked for yet. */
  target(path = '/'): string {
    this.#targets += 1;
    return `${path}${this.#targets}`;
  }

  url(target: string, scheme = 'http'): string {
    return `${scheme}://${HOST}${target}`;
  }

  viaPortico(target: string, options: Where = {}): Promise<RawResponse> {
    const port = this.portico.port(options.tls === undefined ? 0 : 1);
    return fetchRaw(port, target, { host: HOST, ...options, socket: { host: PORTICO } });
  }

  viaSquid(target: string, options: Where = {}): Promise<RawResponse> {
    const port = options.tls === undefined ? this.squid.place.http : this.squid.place.https;
    return fetchRaw(port, target, { host: HOST, ...options, socket: { host: SQUID, ...options.socket } });
  }

  /**
   * Has Squid get something below this path, and then Portico, which asks Squid for it. As it waits no longer than the
   * answers of Squid take, one may be late on a busy machine: then it is another target's turn.
   */
  async askSquid(path: string, theirs: Where = {}, ours: Where = theirs): Promise<Asked> {
    for (let left = 5; ; left--) {
      const target = this.target(path);
      await this.viaSquid(target, theirs);
      const reply = await this.viaPortico(target, ours);
      const lines = await this.lines(target);
      const { url } = await this.squid.lineOf(target);
      if (this.squid.linesFor(url).length > 1 || left === 0) return { target, url, reply, lines };
    }
  }

  /** How often the origin was asked for it. */
  askedFor(target: string): number {
    return this.origin.requests.filter((request) => request.target === target).length;
  }

  /** What Portico has logged of it. */
  async lines(target: string): Promise<CacheLine[]> {
    return (await this.logged()).filter((line) => line.target === target);
  }

  /** What Portico has logged of all exchanges that ended by now. */
  async logged(): Promise<readonly CacheLine[]> {
    // Its one worker writes lines in their order.
    const last = this.target('/last/');
    await this.viaPortico(last);
    await this.portico.accessLog.lineFor(last);
    return this.portico.accessLog.all;
  }

  /** Nobody gets through to Portico by HTTP any more; it answers ICP as before. */
  async withoutHttp(): Promise<void> {
    const listeners = [{ address: '127.0.0.1:0', protocol: 'http' }];
    expect(await this.portico.reload({ ...this.#config, listeners })).toMatchObject({ message: 'reloaded' });
  }

  /** Squid is alive, has got no answer from anywhere but where it asks, and has nothing to say but this. */
  async expectSquidWell(remarks: readonly unknown[] = []): Promise<void> {
    expect(this.squid.isAlive).toBe(true);
    const { body } = await this.viaSquid('/squid-internal-mgr/non_peers');
    expect(body.trim()).toBe('There are no neighbors installed.');
    expect(this.squid.remarks).toEqual(remarks);
  }
}
