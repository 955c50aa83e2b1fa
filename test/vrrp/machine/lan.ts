import { priorityOf } from '../../../src/vrrp/machine/fitness.ts';
import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';
import type { Action, InstanceEvent, InstanceState, Kept, News } from '../../../src/vrrp/machine/state.ts';
import { firstState, keptOf, step, wakeAt } from '../../../src/vrrp/machine/step.ts';
import type { Cause } from '../../../src/vrrp/model.ts';
import { Random } from '../../cache/memory/random.ts';

/**
 * Machines on a LAN that is all made up: a clock that jumps from event to event, packets that take their time, get lost or find
 * no way, hosts that die and agents that stand still. The same seed is the same story.
 */
export class Lan {
  now = 0;
  readonly nodes: readonly LanNode[];
  readonly random: Random;
  /** How long a packet takes, at most; it is at least a tenth of it. */
  delay = 1;
  /** The share of packets that are lost. */
  loss = 0;
  /** When something was last done to network or hosts. */
  disturbedAt = 0;
  /** Each moment in which it changed who has the addresses. */
  readonly owners: { readonly at: number; readonly names: readonly string[] }[] = [{ at: 0, names: [] }];
  readonly witness = new Witness();
  readonly #queue: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  readonly #cut = new Set<string>();
  readonly #lastArrival = new Map<string, number>();
  #order = 0;

  constructor(seed: number, rules: readonly InstanceRules[]) {
    this.random = new Random(seed);
    this.nodes = rules.map((each, index) => new LanNode(this, `n${index}`, `10.0.0.${index + 1}`, each));
  }

  node(index: number): LanNode {
    return this.nodes[index] as LanNode;
  }

  at(time: number, run: () => void): void {
    const entry = { at: Math.max(time, this.now), order: this.#order++, run };
    let index = this.#queue.length;
    while (index > 0 && isLater(this.#queue[index - 1] as typeof entry, entry)) index--;
    this.#queue.splice(index, 0, entry);
  }

  after(time: number, run: () => void): void {
    this.at(this.now + time, run);
  }

  run(duration: number): void {
    const end = this.now + duration;
    for (let next = this.#queue[0]; next !== undefined && next.at <= end; next = this.#queue[0]) {
      this.#queue.shift();
      this.now = next.at;
      next.run();
      this.#note();
    }
    this.now = end;
  }

  /** From now on, for whatever `run` does. */
  disturb(run: () => void): void {
    this.disturbedAt = this.now;
    run();
    this.#note();
  }

  /** One way. `name` may be of the witness. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from} ${to}`);
  }

  isolate(name: string): void {
    for (const other of [...this.nodes.map((node) => node.name), WITNESS]) {
      this.cut(name, other);
      this.cut(other, name);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  get isWhole(): boolean {
    return this.#cut.size === 0 && this.loss === 0 && !this.nodes.some((node) => node.standsStill);
  }

  /** What one sends to another arrives in that order, as on a wire. */
  send(from: string, to: string, arrive: () => void): void {
    const way = `${from} ${to}`;
    if (this.#cut.has(way) || this.random.next() < this.loss) return;
    const at = this.now + this.delay * (0.1 + 0.9 * this.random.next());
    const ordered = Math.max(at, this.#lastArrival.get(way) ?? 0);
    this.#lastArrival.set(way, ordered);
    this.at(ordered, arrive);
  }

  /** Stretches since `from` in which the number of owners was so, as lengths; each counted from the last disturbance on. */
  longest(isSo: (owners: number) => boolean, from = 0, to = this.now): number {
    let longest = 0;
    for (const [index, { at, names }] of this.owners.entries()) {
      const end = Math.min(to, this.owners[index + 1]?.at ?? to);
      if (isSo(names.length)) longest = Math.max(longest, end - Math.max(at, from));
    }
    return longest;
  }

  get ownersNow(): readonly string[] {
    return this.owners.at(-1)?.names ?? [];
  }

  #note(): void {
    const names = this.nodes.filter(({ isOwner }) => isOwner).map(({ name }) => name);
    if (names.join() === this.ownersNow.join()) return;
    if (this.owners.at(-1)?.at === this.now) this.owners.pop();
    this.owners.push({ at: this.now, names });
  }
}

export const WITNESS = 'witness';

/** One host: the machine, and an agent that does what it says. */
export class LanNode {
  readonly name: string;
  readonly address: string;
  readonly news: { readonly at: number; readonly what: News }[] = [];
  readonly sent: { readonly at: number; readonly action: Action }[] = [];
  rules: InstanceRules;
  state: InstanceState;
  hasAddresses = false;
  /** How long hooks take. */
  hookTime = 0;
  isAlive = false;
  readonly #lan: Lan;
  /** Events that wait while it stands still. */
  #waiting: InstanceEvent[] | undefined;
  #kept: Kept | undefined;
  #life = 0;

  constructor(lan: Lan, name: string, address: string, rules: InstanceRules) {
    this.#lan = lan;
    this.name = name;
    this.address = address;
    this.rules = rules;
    this.state = firstState(rules, undefined, lan.now);
  }

  start(): void {
    this.#life++;
    this.isAlive = true;
    this.#waiting = undefined;
    this.state = firstState(this.rules, this.#kept, this.#lan.now);
    this.tell({ kind: 'start', source: this.address });
  }

  /** The host is gone, and its addresses with it. */
  die(): void {
    this.#life++;
    this.isAlive = false;
    this.hasAddresses = false;
    this.#kept = keptOf(this.state);
  }

  /** What comes meanwhile waits in the socket, and is taken first. */
  standStill(time: number): void {
    if (this.#waiting !== undefined || !this.isAlive) return;
    this.#waiting = [];
    this.later(time, () => {
      const events = this.#waiting ?? [];
      this.#waiting = undefined;
      this.#lan.disturb(() => {
        for (const event of [...events, { kind: 'time' } as const]) this.tell(event);
      });
    });
  }

  tell(event: InstanceEvent): void {
    if (!this.isAlive) return;
    if (this.#waiting !== undefined) {
      if (event.kind !== 'time') this.#waiting.push(event);
      return;
    }
    const { state, actions } = step(this.state, event, this.rules, this.#lan.now);
    this.state = state;
    for (const action of actions) this.#do(action);
    const due = wakeAt(state, this.rules);
    if (due !== Infinity) this.later(due - this.#lan.now, () => this.#wake(state));
  }

  /** As long as it lives this life. */
  later(time: number, run: () => void): void {
    const life = this.#life;
    this.#lan.after(time, () => {
      if (life === this.#life) run();
    });
  }

  get role(): string {
    return this.state.standing.role;
  }

  /** One that has given its lease away has the addresses only until it hears who has it. */
  get isOwner(): boolean {
    const { standing } = this.state;
    return this.hasAddresses && !(standing.role === 'leaving' && standing.leaseUntil === 'given');
  }

  get standsStill(): boolean {
    return this.#waiting !== undefined;
  }

  #wake(state: InstanceState): void {
    if (this.state === state) this.tell({ kind: 'time' });
  }

  #do(action: Action): void {
    const lan = this.#lan;
    this.sent.push({ at: lan.now, action });
    switch (action.kind) {
      case 'advertise': {
        if (action.hurry !== undefined) this.#advertise(this.rules.priority, action.hurry);
        this.#advertise(action.priority, this.rules.interval);
        return;
      }
      case 'add':
        this.hasAddresses = true;
        return;
      case 'remove':
        this.hasAddresses = false;
        return;
      case 'probe':
        for (const node of lan.nodes) if (node !== this) this.#probe(node);
        return;
      case 'ask':
        this.#ask(action.question, action.cause);
        return;
      case 'give-back':
        lan.send(this.name, WITNESS, () => lan.witness.giveBack(this.name));
        return;
      case 'hook': {
        const { question } = action;
        if (question !== undefined)
          this.later(this.hookTime, () => this.tell({ kind: 'hooked', question, isGood: true }));
        return;
      }
      case 'drain':
        this.later(this.hookTime, () => this.tell({ kind: 'hooked', question: action.question, isGood: true }));
        return;
      case 'tell':
        this.news.push({ at: lan.now, what: action.what });
        return;
      case 'announce':
      case 'serve':
        return;
    }
  }

  #advertise(priority: number, interval: number): void {
    const lan = this.#lan;
    const advert = { source: this.address, priority, interval };
    for (const node of lan.nodes) {
      if (node !== this) lan.send(this.name, node.name, () => node.tell({ kind: 'advert', advert }));
    }
  }

  /** The host answers, not the agent: whether that stands still is no matter. */
  #probe(node: LanNode): void {
    this.#lan.send(this.name, node.name, () => {
      if (!node.hasAddresses) return;
      this.#lan.send(node.name, this.name, () => this.tell({ kind: 'answered', mac: node.name }));
    });
  }

  /**
   * Asks, and renews from then on, each lease counted from when it was asked for, and a tenth less. Others hear of it, and whoever may
   * be given it for that asks once more.
   */
  #ask(question: number, cause: Cause, isFirst = true): void {
    const lan = this.#lan;
    const length = 3 * this.rules.interval;
    const asked = lan.now;
    const priority = priorityOf(this.state, this.rules);
    for (const node of lan.nodes) {
      if (node !== this)
        lan.send(this.name, node.name, () => node.tell({ kind: 'asked', source: this.address, priority, cause }));
    }
    lan.send(this.name, WITNESS, () => {
      const isGranted = lan.witness.grant(this.name, lan.now, length);
      lan.send(WITNESS, this.name, () => {
        if (!isGranted && isFirst && cause !== 'silence') {
          this.later(
            0.1 * this.rules.interval,
            () => this.state.question === question && this.#ask(question, cause, false),
          );
          return;
        }
        const until = asked + 0.9 * length;
        this.tell({ kind: 'voted', question, vote: isGranted ? 'granted' : 'denied', until });
        if (isGranted) this.#renew();
      });
    });
  }

  #renew(): void {
    this.later(this.rules.interval / 3, () => {
      const lan = this.#lan;
      const { standing } = this.state;
      if (standing.role !== 'active' && !(standing.role === 'leaving' && standing.leaseUntil !== 'given')) return;
      this.#renew();
      if (this.#waiting !== undefined) return;
      const length = 3 * this.rules.interval;
      const asked = lan.now;
      lan.send(this.name, WITNESS, () => {
        if (!lan.witness.grant(this.name, lan.now, length)) return;
        lan.send(WITNESS, this.name, () => this.tell({ kind: 'lease', until: asked + 0.9 * length }));
      });
    });
  }
}

class Witness {
  #holder: string | undefined;
  #until = -Infinity;

  grant(name: string, now: number, length: number): boolean {
    if (this.#holder !== name && now < this.#until) return false;
    this.#holder = name;
    this.#until = now + length;
    return true;
  }

  giveBack(name: string): void {
    if (this.#holder === name) this.#until = -Infinity;
  }
}

function isLater(one: { readonly at: number; readonly order: number }, other: typeof one): boolean {
  return one.at > other.at || (one.at === other.at && one.order > other.order);
}
