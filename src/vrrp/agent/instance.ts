import { getSystemErrorName } from 'node:util';
import { formatHostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { successorTime } from '../machine/entering.ts';
import { explain } from '../machine/explain.ts';
import { gradeOf, priorityOf } from '../machine/fitness.ts';
import { isAlive } from '../machine/hearing.ts';
import { type Action, holds, type InstanceEvent, type InstanceState } from '../machine/state.ts';
import { type HookName, LEAVING, OWNER, type Priority } from '../model.ts';
import type { Connections } from '../net/connections.ts';
import { HeldConnections } from '../net/held-connections.ts';
import type { RouteRequests } from '../net/netlink-socket.ts';
import type { VrrpSystem } from '../net/system.ts';
import type { InstancePlan } from '../plan.ts';
import { type AddressBytes, addressBytes, addressText, includesAddress, macText, sameBytes } from '../wire/address.ts';
import type { Advertisement } from '../wire/advertisement.ts';
import type { AddressClaim } from '../wire/ethernet.ts';
import type { Guard } from '../witness/guard.ts';
import type { GuardedInstance, GuardedOptions } from '../witness/guarded-instance.ts';
import { AdvertAccount } from './advert-account.ts';
import { AdvertChecking, type DropReason } from './advert-checking.ts';
import { AdvertSending } from './advert-sending.ts';
import { Announcing } from './announcing.ts';
import type { ConnectionDrain } from './connection-drain.ts';
import { HookRunner } from './hook-runner.ts';
import type { Interfaces, Link } from './interfaces.ts';
import type { Neighborhood } from './neighborhood.ts';
import type { InstanceNews } from './news.ts';
import type { InstanceStatus } from './status.ts';
import { type SharedAddresses, VirtualAddresses } from './virtual-addresses.ts';

export interface InstanceParts {
  readonly system: VrrpSystem;
  readonly requests: RouteRequests;
  readonly interfaces: Interfaces;
  readonly log: EventLog;
  readonly now: () => Ms;
  readonly handle: (event: InstanceEvent) => void;
  readonly state: () => InstanceState;
  /** Of its interface; throws when that is gone. */
  readonly neighborhood: (link: Link) => Neighborhood;
  readonly connections: Connections;
  /** Of its sync group. */
  readonly drain: ConnectionDrain;
  /** Addresses that some instance shares are none to advertise from. */
  readonly isVirtual: (address: AddressBytes) => boolean;
  readonly tell: (news: InstanceNews) => void;
}

/** One instance in the world: carries out what its state machine wants, and tells it what happens. */
export class Instance {
  readonly #parts: InstanceParts;
  #plan: InstancePlan;
  #addresses: readonly AddressBytes[];
  #checking: AdvertChecking;
  #sending: AdvertSending;
  readonly #virtual: VirtualAddresses;
  readonly #hooks: HookRunner;
  readonly #account = new AdvertAccount();
  readonly #announcing = new Announcing((count) => {
    if (this.#link !== undefined) this.#parts.neighborhood(this.#link).announce(this.addresses, count);
  });
  /** Has a say in whether it may be active; `undefined`: nobody has. */
  #guarded: GuardedInstance | undefined;
  /** As the plan has them. */
  #voters: GuardedOptions['voters'] = [];
  #link: Link | undefined;

  constructor(plan: InstancePlan, parts: InstanceParts) {
    this.#plan = plan;
    this.#parts = parts;
    const shared = sharedIn(plan);
    this.#addresses = shared.addresses;
    this.#checking = new AdvertChecking(plan);
    this.#sending = new AdvertSending(parts.system, plan);
    this.#hooks = new HookRunner(parts.log);
    this.#virtual = new VirtualAddresses(shared, {
      requests: parts.requests,
      index: () => this.#link?.index,
      onProblem: (what, address, errno) => {
        const problem = getSystemErrorName(-errno);
        parts.log.error(`a virtual address cannot be ${what === 'add' ? 'added' : 'removed'}`, {
          instance: plan.rules.name,
          address,
          problem,
        });
      },
    });
  }

  /** From here on others have a say. Throws when they cannot. */
  guardedBy(guard: Guard, voters: GuardedOptions['voters']): void {
    const { rules, pair } = this.#plan;
    const { state, handle, now, log } = this.#parts;
    if (rules.witness === undefined) return;
    this.#voters = voters;
    this.#guarded = guard.add({
      subject: { pair, family: rules.family, vrid: rules.vrid },
      interval: rules.interval,
      timeout: rules.witness.timeout,
      voters,
      standing: () => {
        const { rules: own, digest } = this.#plan;
        return { priority: priorityOf(state(), own), grade: gradeOf(state(), own), digest };
      },
      tell: (news) => {
        if (news.kind === 'lost') handle({ kind: 'lease', until: now() });
        else if (news.kind !== 'settings') handle(news);
        else if (!news.isSame) {
          log.warn('the other node has other settings of this instance', { instance: rules.name });
        }
      },
    });
  }

  /** Resolves when none of the addresses is there that it gave away. */
  get gone(): Promise<void> {
    return this.#virtual.gone;
  }

  get hooks(): Pick<HookRunner, 'ended' | 'timeLeft'> {
    return this.#hooks;
  }

  get plan(): InstancePlan {
    return this.#plan;
  }

  get addresses(): readonly AddressBytes[] {
    return this.#addresses;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** Goes on by another plan, in which it is the same virtual router. It is to be looked after anew then. */
  become(plan: InstancePlan): void {
    const before = this.#addresses;
    const shared = sharedIn(plan);
    // What cannot be made changes nothing.
    const checking = new AdvertChecking(plan, this.#checking.heard);
    const sending = new AdvertSending(this.#parts.system, plan);
    this.#plan = plan;
    this.#addresses = shared.addresses;
    this.#checking = checking;
    this.#sending.close();
    this.#sending = sending;
    this.#virtual.become(shared);
    const added = this.#addresses.filter((address) => !includesAddress(before, address));
    if (this.#link !== undefined) this.#announceHeld(this.#link, added);
  }

  /** Looks at the interface: whether it can be worked by, and from which address. Returns that; `undefined`: it cannot. */
  look(): string | undefined {
    const { interfaces } = this.#parts;
    const link = interfaces.link(this.#plan.rules.interface);
    const before = this.#link;
    const isOther = link?.index !== before?.index;
    this.#link = link;
    const source = link?.isUp === true ? this.#sourceOn(link) : undefined;
    if (link === undefined || source === undefined) {
      this.#sending.close();
      return undefined;
    }
    const isSame = !isOther && this.#sending.source !== undefined && sameBytes(this.#sending.source, source);
    try {
      this.#parts.neighborhood(link);
      if (!isSame) this.#sending.use(link, source);
      // Whoever knows where the addresses are knows it by the former one.
      if (before?.mac !== undefined && link.mac !== undefined && !sameBytes(before.mac, link.mac))
        this.#announceHeld(link, this.#addresses);
      return addressText(source);
    } catch (error) {
      this.#parts.log.warn('an interface cannot be used', {
        instance: this.#plan.rules.name,
        interface: link.name,
        error,
      });
      return undefined;
    }
  }

  #announceHeld(link: Link, addresses: readonly AddressBytes[]): void {
    const held = addresses.filter((address) => this.#virtual.isHeld(address));
    if (held.length > 0) this.#parts.neighborhood(link).announce(held, this.#plan.rules.announcements.count);
  }

  /** Whether the address is not on the interface that it is to advertise from, where it is told one. */
  get lacksSource(): boolean {
    return this.#plan.source !== undefined && (this.#link === undefined || this.#sourceOn(this.#link) === undefined);
  }

  /** What a former process has left on the interface. */
  clear(): void {
    for (const address of this.#virtual.clear(this.#parts.isVirtual)) {
      this.#parts.log.error('a virtual address stays as it is', {
        instance: this.#plan.rules.name,
        problem: isOwnInWords(address),
      });
    }
  }

  /** Whether this one is meant by a message of that VRID, there. */
  isMeant(link: Link, family: 4 | 6, vrid: number | undefined): boolean {
    const { rules } = this.#plan;
    return link.name === rules.interface && family === rules.family && vrid === rules.vrid;
  }

  received(advert: Advertisement, wall: Ms): void {
    const { interfaces, handle } = this.#parts;
    const own = this.#link === undefined ? [] : interfaces.addressesOf(this.#link, this.#plan.rules.family);
    const reason = this.#checking.refuses(advert, own, wall);
    if (reason !== undefined) {
      this.dropped(reason, advert.source, wall);
      return;
    }
    this.#account.received();
    const { priority, interval, source } = advert;
    handle({ kind: 'advert', advert: { source: addressText(source), priority, interval } });
  }

  dropped(reason: DropReason, from: AddressBytes | undefined, wall: Ms): void {
    const count = this.#account.dropped(reason, wall);
    if (count === undefined) return;
    this.#parts.tell({ kind: 'dropped', reason, source: from && addressText(from), count });
  }

  claimed({ address, mac }: AddressClaim): void {
    const link = this.#link;
    if (link?.mac === undefined || sameBytes(mac, link.mac) || !includesAddress(this.addresses, address)) return;
    const { handle, state } = this.#parts;
    this.#parts.drain.claimed(this.#plan.rules.name, mac);
    const by = macText(mac);
    if (state().standing.role === 'active') handle({ kind: 'conflict', address: addressText(address), mac: by });
    else handle({ kind: 'answered', mac: by });
  }

  /** An address is on the interface, and answers. */
  added(index: number, address: AddressBytes): void {
    if (index === this.#link?.index) this.#announcing.isThere(address);
  }

  /** An address went from the interface, by whichever hand. */
  removed(index: number, address: AddressBytes): void {
    if (index !== this.#link?.index || !this.#virtual.isHeld(address)) return;
    // Ours was on its way when it was set anew.
    if (this.#parts.interfaces.isThere(index, address)) return;
    this.#virtual.lost(address);
    this.#parts.handle({ kind: 'removed', address: addressText(address) });
  }

  carryOut(action: Action): void {
    const link = this.#link;
    switch (action.kind) {
      case 'advertise':
        this.#guarded?.beat();
        this.#sayAll(action);
        return;
      case 'add':
        this.#add(action.address === undefined ? undefined : addressBytes(action.address));
        return;
      case 'remove':
        this.#remove(action.after);
        return;
      case 'drain':
        this.#beginDrain(action.question);
        return;
      case 'serve':
        this.#parts.drain.end();
        return;
      case 'announce':
        this.#announcing.announce(action.count);
        return;
      case 'probe':
        if (link !== undefined) this.#parts.neighborhood(link).probe(this.addresses);
        return;
      case 'hook':
        this.#hook(action.hook, action.question);
        return;
      case 'tell':
        this.#parts.tell(action.what);
        return;
      case 'ask':
        this.#guarded?.ask(action.question, action.cause);
        return;
      case 'give-back':
        this.#guarded?.giveBack();
        return;
    }
  }

  /** `wall`: epoch milliseconds. */
  status(wall: Ms): InstanceStatus {
    const { rules } = this.#plan;
    const state = this.#parts.state();
    const now = this.#parts.now();
    return {
      name: rules.name,
      vrid: rules.vrid,
      interface: rules.interface,
      version: rules.version,
      role: state.standing.role,
      since: wall - (now - state.since),
      priority: priorityOf(state, rules),
      transitions: state.transitions,
      addresses: rules.addresses.map(({ address }) => address),
      source: state.source,
      words: [explain(state, rules, now, wall), ...this.#advice(state)].join('; '),
      reason: state.reason.kind,
      heard: state.heard && {
        source: state.heard.source,
        priority: state.heard.priority,
        at: wall - (now - state.heard.at),
        isAlive: isAlive(state.heard, now),
      },
      maintenance: state.maintenance,
      voters: (this.#guarded?.voters ?? []).map(({ kind, name, isHeard, isOurs, isDouble }, place) => {
        return { kind, address: addressOf(this.#voters[place]), name, isHeard, isOurs, isDouble };
      }),
      ...this.#account.shown,
    };
  }

  /** Of a fault of its interface that nothing but other settings will end. */
  #advice({ standing }: InstanceState): readonly string[] {
    const link = this.#link;
    if (standing.role !== 'fault' || link?.isUp !== true || this.#sourceOn(link) !== undefined) return [];
    const own = this.#parts.interfaces.addressesOf(link, this.#plan.rules.family);
    const shared = own.find((address) => includesAddress(this.#addresses, address) && !this.#virtual.isHeld(address));
    return shared === undefined ? [] : [isOwnInWords(shared)];
  }

  close(): void {
    this.#announcing.forget();
    this.#parts.drain.end();
    this.#guarded?.close();
    this.#virtual.remove();
    this.#sending.close();
  }

  #sayAll({ priority, hurry }: Extract<Action, { kind: 'advertise' }>): void {
    const { rules } = this.#plan;
    if (hurry !== undefined) this.#advertise(rules.priority, hurry);
    this.#advertise(priority, rules.interval);
    if (priority === LEAVING) this.#parts.drain.goodbye(rules.name);
  }

  /** Where nobody can be told apart by a MAC address there is nothing to wait for. */
  #beginDrain(question: number): void {
    const { system, connections, handle, drain } = this.#parts;
    const { rules } = this.#plan;
    const { index, mac } = this.#link ?? {};
    const { name, drain: patience } = rules;
    const addresses = this.#addresses;
    const onDrained = () => handle({ kind: 'hooked', question, isGood: true });
    if (index === undefined || mac === undefined) {
      setImmediate(onDrained);
      return;
    }
    const hold = () => new HeldConnections(system, connections, `portico ${name}`, { index, mac, addresses });
    drain.begin({ name, addresses, patience, successorTime: successorTime(rules), hold, onDrained });
  }

  /** As long as they are there what comes for them is sent on. */
  #remove(after: Ms): void {
    this.#announcing.forget();
    this.#virtual.remove(after);
    void this.#virtual.gone.then(() => {
      if (!holds(this.#parts.state().standing)) this.#parts.drain.end();
    });
  }

  /** `undefined`: all of them. */
  #add(address: AddressBytes | undefined): void {
    if (address === undefined) this.#parts.drain.end();
    this.#announcing.added(address === undefined ? this.#addresses : [address]);
    this.#virtual.add(address);
  }

  #advertise(priority: Priority, interval: Ms): void {
    const errno = this.#sending.send(priority, interval, this.#checking.heard, Date.now());
    if (!this.#account.sent(errno)) return;
    const problem = getSystemErrorName(-errno);
    this.#parts.log.warn('advertisements cannot be sent', { instance: this.#plan.rules.name, problem });
  }

  #hook(hook: HookName, question: number | undefined): void {
    const { rules, hooks } = this.#plan;
    const commands = hooks[hook] ?? [];
    const { state, handle } = this.#parts;
    this.#hooks.run({
      hook,
      commands: hook === 'stop' ? commands.toReversed() : commands,
      deadline: rules.hooks[hook] ?? 0,
      after: hook === 'after_remove' ? this.#virtual.gone : undefined,
      environment: {
        PORTICO_INSTANCE: rules.name,
        PORTICO_HOOK: hook,
        PORTICO_ROLE: state().standing.role,
        PORTICO_REASON: state().reason.kind,
        PORTICO_ADDRESSES: rules.addresses.map(({ address }) => address).join(' '),
        PORTICO_INTERFACE: rules.interface,
      },
      ...(question !== undefined && { onEnd: (isGood) => handle({ kind: 'hooked', question, isGood }) }),
    });
  }

  #sourceOn(link: Link): AddressBytes | undefined {
    const { interfaces, isVirtual } = this.#parts;
    const own = interfaces.addressesOf(link, this.#plan.rules.family);
    const wanted = this.#plan.source === undefined ? undefined : addressBytes(this.#plan.source);
    if (wanted !== undefined) return own.find((address) => sameBytes(address, wanted));
    const other = own.find((address) => !isVirtual(address));
    if (other !== undefined || this.#plan.rules.priority !== OWNER) return other;
    // Of who owns the addresses (RFC 9568 §6.1) they may be all that there is.
    return own.find((address) => includesAddress(this.#addresses, address));
  }
}

function sharedIn({ rules }: InstancePlan): SharedAddresses {
  return {
    addresses: rules.addresses.map(({ address }) => addressBytes(address) as AddressBytes),
    interval: rules.interval,
    isOwner: rules.priority === OWNER,
  };
}

function isOwnInWords(address: AddressBytes): string {
  const wanted = 'give the instance priority 255 if this node owns it, or another virtual address';
  return `${addressText(address)} is the interface's own address: ${wanted}`;
}

function addressOf(voter: GuardedOptions['voters'][number] | undefined): string {
  return voter === undefined ? '' : formatHostPort(voter.address.host, voter.address.port);
}
