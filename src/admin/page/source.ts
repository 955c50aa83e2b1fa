import type { Fraction, Ms } from '../../base/units.ts';
import type { OperatorPort } from '../../operator/commands.ts';
import type { SiblingReport } from '../../sibling/state.ts';
import type { NodeStatus, PurgeCommand, PurgeResult } from '../api/context.ts';
import type { DnsPort } from '../api/dns-port.ts';
import type { VrrpPort } from '../api/vrrp-port.ts';

/** Of what there are figures: the whole node, or a part of it. */
export type Subject =
  | { readonly kind: 'node' }
  | { readonly kind: 'site'; readonly site: string }
  | { readonly kind: 'pool'; readonly pool: string }
  | { readonly kind: 'origin'; readonly pool: string; readonly origin: string };

export interface Rate {
  /** Requests, by the second. */
  readonly requests: number;
  /** Failed or answered by 5xx, of all; 0 without any. */
  readonly errors: Fraction;
  /** Mean: of whole requests to a site or the node, else of the time to the first byte; `undefined` without any. */
  readonly latency: Ms | undefined;
  /** Bytes of bodies, by the second. */
  readonly received: number;
  readonly sent: number;
}

export interface RatePoint extends Rate {
  /** Epoch milliseconds at which it ends. */
  readonly at: Ms;
}

/** How fast things go. */
export interface TrafficFigures {
  /** Of the last ten seconds. */
  rate(subject: Subject): Rate;
  /** The last ten minutes by 5 s, oldest first. */
  history(subject: Subject): readonly RatePoint[];
}

/** What the dashboard stands on; handed over by control. */
export interface DashboardSource {
  readonly operator: OperatorPort;
  readonly traffic: TrafficFigures;
  readonly sites: () => readonly string[];
  readonly status: () => NodeStatus;
  readonly siblings: () => SiblingReport;
  /** `undefined`: there is no cache. Holds in all threads when it returns. */
  readonly purge: ((order: PurgeCommand) => Promise<PurgeResult>) | undefined;
  /** `undefined`: the node has no name server now. Absent: it never has. */
  readonly dns?: () => DnsPort | undefined;
  /** `undefined`: the node shares no addresses now. Absent: it never does. */
  readonly vrrp?: () => VrrpPort | undefined;
  readonly now: () => Ms;
  /** Whether nothing is changed without a reason. Default: false. A purge of everything always takes one. */
  readonly reasonRequired?: boolean;
}
