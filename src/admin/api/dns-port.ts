import type { Ms } from '../../base/units.ts';
import type { Choice, DatacenterStanding } from '../../geodns/health/model.ts';
import type { Destination } from '../../geodns/inquiry/destinations.ts';
import type { Actor, DatacenterChange, DatacenterRefusal, Outcome } from '../../operator/commands.ts';
import type { DatacenterWord } from '../../operator/model.ts';

/** What the API knows of the name server, and can ask of it. Implemented by control. */
export interface DnsPort {
  status(): DnsStatus;
  /** In the order of the file. */
  datacenters(): readonly DatacenterState[];
  /** Datacenters that records choose among of whom nobody is in service: answers are given as if all were. */
  failingOpen(): readonly Choice[];
  /** Where a client is sent now, by each map that records refer to. `undefined`: it is no address and no network. */
  destinations(client: string): readonly Destination[] | undefined;
  /** The value is the datacenter as it is then. */
  setDatacenter(name: string, change: DatacenterChange, actor: Actor): Outcome<DatacenterState, DatacenterRefusal>;
}

/** A datacenter with all that is known of it: what the file says, what an operator said, what is seen, and what follows. */
export interface DatacenterState extends DatacenterStanding {
  /** Degrees north and east. */
  readonly location: readonly [number, number] | undefined;
  readonly addresses: readonly string[];
  /** `undefined`: no operator said anything of it. */
  readonly word: DatacenterWord | undefined;
}

export interface DnsStatus {
  readonly engine: 'batch' | 'plain';
  /** Why it is not the engine that was wanted; `undefined`: it is. */
  readonly fallback: string | undefined;
  readonly threads: number;
  /** ADDRESS:PORT, for UDP and TCP. */
  readonly listeners: readonly string[];
  readonly zones: readonly ZoneSummary[];
  readonly databases: readonly DatabaseSummary[];
  readonly counters: DnsCounters;
}

export interface ZoneSummary {
  /** Without the dot at its end, but for the root. */
  readonly name: string;
  readonly serial: number;
  readonly records: number;
  /** The master file that it is from; `undefined`: the configuration. */
  readonly file: string | undefined;
  /** Why the file as it is now is not served, with file and line; empty: it is. */
  readonly problems: readonly string[];
}

export interface DatabaseSummary {
  readonly file: string;
  /** As it says itself: `GeoLite2-City`. */
  readonly type: string;
  /** Epoch milliseconds; `undefined`: it does not say. */
  readonly built: Ms | undefined;
  /** Why the file as it is now is not in force; `undefined`: it is. */
  readonly problem: string | undefined;
}

/** Since the start. */
export interface DnsCounters {
  readonly queries: { readonly udp: number; readonly tcp: number };
  /** By the name of the RCODE: `NOERROR`. */
  readonly replies: Readonly<Record<string, number>>;
  /** Replies that rate limits withheld or cut short. */
  readonly limited: number;
  /** Packets that no reply is due to. */
  readonly dropped: number;
  /** By the name of the datacenter: geographic answers that have it first. */
  readonly answers: Readonly<Record<string, number>>;
}
