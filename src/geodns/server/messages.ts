import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventRecord } from '../../observe/event-forward.ts';
import type { WantedEngine } from './choose-engine.ts';
import type { TcpLimits } from './tcp-limits.ts';

/** What control and the DNS thread say to each other. */

/** Given to the thread at its birth: memory that outlives it. */
export interface DnsThreadStart {
  readonly memory: DnsMemory;
}

export interface DnsMemory {
  /** Of `DnsCounts`. */
  readonly counts: SharedArrayBuffer;
  /** Of `LeftOpen`. */
  readonly openings: SharedArrayBuffer;
}

/** The engine that sockets have for UDP. */
export interface EngineInUse {
  readonly kind: 'batch' | 'plain';
  /** Why it is not the one that was wanted; `undefined`: it is. */
  readonly reason: string | undefined;
}

/** One generation of what the thread does. Plain data: it crosses to the thread by structured clone. */
export interface DnsPlan {
  readonly generation: number;
  /** By UDP and TCP. Ports are known: not 0. */
  readonly listen: readonly HostPort[];
  /** For addresses that are new: those that are listened on already keep theirs, and with it what waits in their sockets. */
  readonly engine: WantedEngine;
  readonly tcp: TcpLimits;
  /** What the thread's factory makes a `Responder` of: zones, tables, how datacenters stand. What is large belongs into shared memory. */
  readonly answers: unknown;
}

export type ToDnsThread =
  /** Make a responder of this, open what is new to be listened on, and say `prepared`. */
  | { readonly type: 'prepare'; readonly plan: DnsPlan }
  /** Answer by what was prepared, close what is not listened on any more, and say `committed`. */
  | { readonly type: 'commit' }
  /** Forget what was prepared. */
  | { readonly type: 'discard' }
  /** What the responder in force takes of this: part of what it answers from has changed. */
  | { readonly type: 'update'; readonly update: unknown }
  /** Finish what is under way within so many milliseconds, and end. */
  | { readonly type: 'stop'; readonly within: Ms };

export type FromDnsThread =
  | { readonly type: 'prepared'; readonly generation: number; readonly problem: string | undefined }
  /** Where queries come in by UDP: for a wildcard, what stands for it now. */
  | {
      readonly type: 'committed';
      readonly generation: number;
      readonly addresses: readonly HostPort[];
      readonly engine: EngineInUse;
    }
  | { readonly type: 'event'; readonly record: EventRecord };
