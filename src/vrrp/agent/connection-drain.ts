import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { HELD } from '../machine/timers.ts';
import type { HeldConnections } from '../net/held-connections.ts';
import type { AddressBytes, MacBytes } from '../wire/address.ts';

export interface ConnectionDrainOptions {
  readonly log: EventLog;
  readonly now: () => Ms;
  /** Connections that are open, of these addresses. Throws an error of the system. */
  readonly open: (addresses: readonly AddressBytes[]) => number;
  /** From here on connections should end, within so long; `undefined`: they need not any more. */
  readonly onMoving: (within: Ms | undefined) => void;
}

/** An instance whose addresses are to move. */
export interface DrainMember {
  readonly name: string;
  readonly addresses: readonly AddressBytes[];
  /** For how long connections may end by themselves. */
  readonly patience: Ms;
  /** How long a successor may take, from the goodbye on. */
  readonly successorTime: Ms;
  /** Holds new ones back. Throws an error of the system. */
  readonly hold: () => HeldConnections;
  /** There are none, as far as that can be had. */
  readonly onDrained: () => void;
}

/** How often connections are counted, at the most; and how much of the time that may take. */
const LOOK: Ms = 2;
const MOST_SHARE = 5;

interface Moving {
  readonly members: Map<string, DrainMember>;
  /** Those of the members that hold, and whether another host has what was held. */
  readonly held: Map<string, { readonly connections: HeldConnections; isPassedOn: boolean }>;
  readonly easesUntil: Ms;
  stage: 'eases' | 'holds' | 'awaits';
  /** The kernel did not tell how many there are. */
  isUncounted: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Sees to it that a planned move of addresses costs no connection, whoever takes them over; those of a sync group move as one. A connection that
 * is open when hosts learn of the new place is lost: its next packet goes to a host that knows nothing of it. So there are none by then. At
 * first those that are open are asked to end, as the proxy does that is told. Then new ones are held back: the first packet of each is dropped,
 * and kept. When there is none left the goodbye can be said, and when another host says that it has the addresses it gets what was kept, and
 * all that still comes here.
 */
export class ConnectionDrain {
  readonly #options: ConnectionDrainOptions;
  #moving: Moving | undefined;

  constructor(options: ConnectionDrainOptions) {
    this.#options = options;
  }

  begin(member: DrainMember): void {
    if (this.#moving === undefined) {
      const { now, onMoving } = this.#options;
      const easesUntil = now() + member.patience;
      const fresh = { members: new Map(), held: new Map(), easesUntil } as const;
      this.#moving = { ...fresh, stage: 'eases', isUncounted: false, timer: undefined };
      onMoving(member.patience);
      this.#lookIn(LOOK);
    }
    this.#moving.members.set(member.name, member);
    if (this.#moving.stage !== 'eases') this.#hold(this.#moving, member);
  }

  /** From now on others are awaited: what is held back is, for so long as they may take. */
  goodbye(name: string): void {
    const moving = this.#moving;
    const member = moving?.members.get(name);
    if (moving === undefined || member === undefined || moving.stage === 'awaits') return;
    moving.stage = 'awaits';
    clearTimeout(moving.timer);
    moving.timer = setTimeout(() => this.#overdue(moving), member.successorTime);
  }

  /** Another host says that it has an address of this instance. */
  claimed(name: string, mac: MacBytes): void {
    const moving = this.#moving;
    const held = moving?.held.get(name);
    if (moving?.stage !== 'awaits' || held === undefined || held.isPassedOn) return;
    held.isPassedOn = true;
    this.#try(name, 'what was held back cannot be sent on', () => held.connections.passOn(mac));
  }

  /** Whoever comes from here on is served as ever, where the addresses are here. */
  end(): void {
    const moving = this.#moving;
    if (moving === undefined) return;
    this.#moving = undefined;
    clearTimeout(moving.timer);
    for (const name of moving.held.keys()) this.#letGo(moving, name);
    this.#options.onMoving(undefined);
  }

  #lookIn(delay: Ms): void {
    const moving = this.#moving;
    if (moving !== undefined) moving.timer = setTimeout(() => this.#look(moving), delay);
  }

  #look(moving: Moving): void {
    const { now } = this.#options;
    const began = now();
    const isDrained = this.#countOpen(moving) === 0;
    if (moving.stage === 'eases' && (isDrained || began >= moving.easesUntil)) {
      moving.stage = 'holds';
      for (const member of moving.members.values()) this.#hold(moving, member);
    } else if (moving.stage === 'holds' && isDrained) {
      for (const { onDrained } of [...moving.members.values()]) onDrained();
      return;
    }
    // Should nobody say goodbye.
    if (began > moving.easesUntil + 2 * HELD) this.end();
    else this.#lookIn(Math.max(LOOK, MOST_SHARE * (now() - began)));
  }

  /** Unknown is as good as many: then it takes all of its time. */
  #countOpen(moving: Moving): number {
    if (moving.isUncounted) return Infinity;
    const [name = ''] = moving.members.keys();
    moving.isUncounted = true;
    let open = Infinity;
    this.#try(name, 'connections cannot be counted', () => {
      open = this.#options.open([...moving.members.values()].flatMap(({ addresses }) => addresses));
      moving.isUncounted = false;
    });
    return open;
  }

  #hold({ held }: Moving, { name, hold }: DrainMember): void {
    this.#try(name, 'new connections cannot be held back: a few may be lost as addresses move', () => {
      held.set(name, { connections: hold(), isPassedOn: false });
    });
  }

  /** Who did not come by now may come later: until then whoever asks here is served here, on connections that end soon. */
  #overdue(moving: Moving): void {
    for (const [name, { isPassedOn }] of moving.held) if (!isPassedOn) this.#letGo(moving, name);
  }

  #letGo({ held }: Moving, name: string): void {
    this.#try(name, 'what was held back is lost', () => held.get(name)?.connections.close());
    held.delete(name);
  }

  #try(instance: string, problem: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.log.warn(problem, { instance, error });
    }
  }
}
