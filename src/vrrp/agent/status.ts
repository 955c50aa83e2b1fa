import type { Ms } from '../../base/units.ts';
import type { Maintenance, Priority, Role, Version, Vrid } from '../model.ts';

/** A peer or a witness, whose vote a takeover may need. */
export interface VoterShown {
  readonly kind: 'peer' | 'witness';
  /** ADDRESS:PORT. */
  readonly address: string;
  /** As it calls itself; empty: it was never heard. */
  readonly name: string;
  readonly isHeard: boolean;
  /** Whether its vote is ours now. */
  readonly isOurs: boolean;
  /** It is there by another address already, or it is ourselves: it does not count. */
  readonly isDouble: boolean;
}

/** An instance as it is shown. Times are epoch milliseconds. */
export interface InstanceStatus {
  readonly name: string;
  readonly vrid: Vrid;
  readonly interface: string;
  readonly version: Version;
  readonly role: Role;
  readonly since: Ms;
  /** What it advertises when it is active. */
  readonly priority: Priority;
  readonly transitions: number;
  readonly addresses: readonly string[];
  /** Where its advertisements come from; empty: it has no address there. */
  readonly source: string;
  /** A sentence: what it is, why, and what would change that. */
  readonly words: string;
  readonly reason: string;
  /** Who advertised last. `isAlive`: it has not missed more than one advertisement. */
  readonly heard:
    | { readonly source: string; readonly priority: Priority; readonly at: Ms; readonly isAlive: boolean }
    | undefined;
  readonly maintenance: Maintenance | undefined;
  /** All but ourselves; empty: nobody has a say. */
  readonly voters: readonly VoterShown[];
  /** Advertisements. */
  readonly sent: number;
  readonly received: number;
  /** Those that were not believed, by the reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** When the last of them came that was not our own; `undefined`: none did. */
  readonly droppedAt: Ms | undefined;
}
