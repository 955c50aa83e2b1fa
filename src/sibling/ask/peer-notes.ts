import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { PeerCounter } from '../peer-rows.ts';
import type { PeerTable } from '../peer-table.ts';
import type { FetchOutcome } from './breaker.ts';
import type { LivenessEvent } from './liveness.ts';
import type { Peer } from './peer.ts';

/** What the network says when there is nobody. Other failures are our own, and say nothing of the peer. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH']);

/** What is noted of peers: for all threads in the table, and in the event log when it is news. */
export class PeerNotes {
  readonly #table: PeerTable;
  readonly #log: EventLog;

  constructor(table: PeerTable, log: EventLog) {
    this.#table = table;
    this.#log = log;
  }

  count(peer: Peer, counter: PeerCounter): void {
    if (!peer.isGone) this.#table.count(peer.slot, counter);
  }

  /** Something tells whether it lives. */
  heard(peer: Peer, event: LivenessEvent): void {
    if (peer.isGone) return;
    const sibling = peer.name;
    switch (this.#table.heard(peer.slot, event)) {
      case 'alive':
        this.#log.info('sibling answers again', { sibling });
        break;
      case 'dead':
        this.#log.warn('sibling does not answer, it is only probed', { sibling });
        break;
      case 'slow':
        this.#log.warn('sibling answers too late, it is only probed', { sibling });
        break;
    }
  }

  /** It has answered, whatever it said. */
  answered(peer: Peer, asked: Ms, now: Ms, isInTime: boolean): void {
    peer.trouble = undefined;
    this.#table.measured(peer.slot, now - asked);
    this.heard(peer, isInTime ? { kind: 'answered' } : { kind: 'late', asked });
  }

  /** A question could not be sent. */
  unsent(peer: Peer, asked: Ms, code: string): void {
    if (peer.trouble !== code) this.#log.warn('sibling cannot be asked', { sibling: peer.name, code });
    peer.trouble = code;
    if (UNREACHABLE.has(code)) this.heard(peer, { kind: 'unanswered', asked });
  }

  fetched({ slot, name: sibling }: Peer, outcome: FetchOutcome, latency: Ms): void {
    switch (this.#table.fetched(slot, outcome, latency)) {
      case 'paused':
        this.#log.warn('sibling does not deliver what it says it has, it is not asked for a while', {
          sibling,
          outcome,
        });
        break;
      case 'resumed':
        this.#log.info('sibling delivers again', { sibling });
        break;
    }
  }
}
