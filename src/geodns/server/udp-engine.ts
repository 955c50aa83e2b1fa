import type { HostPort } from '../../base/address.ts';
import type { Bytes } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { DnsCounts } from './counts.ts';
import type { Responder } from './responder.ts';

/**
 * What answers by UDP. There are two: `DgramEngine`, which runs everywhere, and one that takes and sends many packets with
 * one call of the system. Neither throws, whatever comes, once it listens.
 */
export interface UdpEngine {
  /** Resolves when every address is open. Rejects, with nothing left open, with an `Error` that says which is not and why. */
  listen(): Promise<void>;
  /** Where it listens now: with the port that was found for 0; in place of a wildcard, what stands for it. */
  readonly addresses: readonly HostPort[];
  /** The group `udp` of these is its own to count. */
  readonly counts: DnsCounts;
  /** Resolves when nothing is open any more. */
  close(): Promise<void>;
}

export interface UdpEngineOptions {
  /** `0.0.0.0` and `::` stand for every address of the machine of that family. */
  readonly listen: readonly HostPort[];
  readonly responder: Responder;
  readonly counts: DnsCounts;
  readonly log: EventLog;
}

/**
 * The largest reply that there is room for. What a client may get is the responder's to decide, and is less: fragments are
 * to be avoided (RFC 9715 §3.1).
 */
export const LARGEST_UDP_REPLY: Bytes = 4_096;

/** What may wait to be answered, while the thread is busy with a reload, say. The system may allow less. */
export const RECEIVE_BUFFER: Bytes = 4 * 1024 * 1024;

/** In the third byte of a message, TC: it is not all there (RFC 1035 §4.1.1). */
export const TRUNCATED = 0x02;
