import type { Ms } from '../base/units.ts';
import type { AccessEntry } from '../observe/access-entry.ts';
import { BLAMES, type ErrorCodes } from './error-codes.ts';
import { observe } from './histogram.ts';
import { ERRORS, LISTENER, MAX_ERROR_CODES, ORIGIN, POOL, SITE, type TrafficTable } from './traffic-table.ts';

/** The row of what belongs to no site: bytes that were no request, or hosts that no site answers for. */
export const NO_SITE = 0;

const UNANSWERED = { unreachable: 0, silent: 1, error: 2, cancelled: 3 } as const;
const PROTOCOLS = { 'http/1.1': 0, h2: 1 } as const;

const SWITCHING_PROTOCOLS = 101;

/** What one worker counts, in its own column of the traffic table: the `TrafficCounter` of the data plane. */
export class TrafficCounts {
  readonly #errors: Float64Array;
  readonly #listeners: Float64Array;
  readonly #sites: Float64Array;
  readonly #pools: Float64Array;
  readonly #origins: Float64Array;
  /** By code: its cell, and the one of whose fault it is. */
  readonly #codes: ReadonlyMap<string, { readonly cell: number; readonly blame: number }>;

  constructor(table: TrafficTable, worker: number, codes: ErrorCodes) {
    this.#errors = table.rows(worker, 'errors');
    this.#listeners = table.rows(worker, 'listener');
    this.#sites = table.rows(worker, 'site');
    this.#pools = table.rows(worker, 'pool');
    this.#origins = table.rows(worker, 'origin');
    if (Object.keys(codes).length > MAX_ERROR_CODES) throw new RangeError(`more than ${MAX_ERROR_CODES} error codes`);
    this.#codes = new Map(
      Object.entries(codes).map(([code, { blame }], index) => [
        code,
        { cell: ERRORS.byCode + index, blame: SITE.byBlame + BLAMES.indexOf(blame) },
      ]),
    );
  }

  entered(site: number): void {
    add(this.#sites, site * SITE.size + SITE.inFlight, 1);
  }

  tunnelled(site: number): void {
    add(this.#sites, site * SITE.size + SITE.tunnels, 1);
    add(this.#sites, site * SITE.size + SITE.openTunnels, 1);
  }

  ended(site: number | undefined, { status, error, duration, bytesReceived, bytesSent, splash }: AccessEntry): void {
    const sites = this.#sites;
    const row = (site ?? NO_SITE) * SITE.size;
    if (site !== undefined) add(sites, row + SITE.inFlight, -1);
    add(sites, row + SITE.byClass + classOf(status), 1);
    // How long a tunnel lived says nothing of how fast we were.
    if (status === SWITCHING_PROTOCOLS) add(sites, row + SITE.openTunnels, -1);
    else observe(sites, row + SITE.duration, duration);
    if (bytesReceived > 0) add(sites, row + SITE.received, bytesReceived);
    if (bytesSent > 0) add(sites, row + SITE.sent, bytesSent);
    if (splash) add(sites, row + SITE.splashes, 1);
    if (error !== undefined) this.#failed(row, error);
  }

  #failed(row: number, error: string): void {
    const known = this.#codes.get(error);
    if (known === undefined) return;
    add(this.#errors, known.cell, 1);
    add(this.#sites, row + known.blame, 1);
  }

  answered(pool: number, origin: number, status: number, firstByte: Ms): void {
    const row = origin * ORIGIN.size;
    add(this.#origins, row + ORIGIN.byClass + classOf(status), 1);
    add(this.#origins, row + ORIGIN.firstByteTime, firstByte);
    observe(this.#pools, pool * POOL.size + POOL.firstByte, firstByte);
  }

  unanswered(origin: number, why: keyof typeof UNANSWERED): void {
    add(this.#origins, origin * ORIGIN.size + ORIGIN.unanswered + UNANSWERED[why], 1);
  }

  brokenOff(origin: number): void {
    add(this.#origins, origin * ORIGIN.size + ORIGIN.brokenOff, 1);
  }

  received(origin: number, bytes: number): void {
    add(this.#origins, origin * ORIGIN.size + ORIGIN.received, bytes);
  }

  sent(origin: number, bytes: number): void {
    add(this.#origins, origin * ORIGIN.size + ORIGIN.sent, bytes);
  }

  retried(pool: number): void {
    add(this.#pools, pool * POOL.size + POOL.retries, 1);
  }

  accepted(listener: number): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.accepted, 1);
    add(this.#listeners, listener * LISTENER.size + LISTENER.sockets, 1);
  }

  left(listener: number): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.sockets, -1);
  }

  opened(listener: number, protocol: keyof typeof PROTOCOLS): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.open + PROTOCOLS[protocol], 1);
  }

  closed(listener: number, protocol: keyof typeof PROTOCOLS): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.open + PROTOCOLS[protocol], -1);
  }

  /** There are two versions that are still spoken. */
  secured(listener: number, version: string): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.handshakes + (version === 'TLSv1.3' ? 1 : 0), 1);
  }

  notSecured(listener: number): void {
    add(this.#listeners, listener * LISTENER.size + LISTENER.handshakeFailures, 1);
  }
}

/** 1 to 5; 0 for what is none of them, such as an exchange whose client left before it had a status. */
function classOf(status: number): number {
  return status < 100 || status > 599 ? 0 : Math.floor(status / 100);
}

function add(cells: Float64Array, at: number, by: number): void {
  cells[at] = (cells[at] as number) + by;
}
