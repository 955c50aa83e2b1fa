import { isDeepStrictEqual } from 'node:util';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { interfaceTrack, sourceTrack } from '../machine/rules.ts';
import type { InstanceEvent, Kept } from '../machine/state.ts';
import { keptOf } from '../machine/step.ts';
import { Connections } from '../net/connections.ts';
import { KernelTimer } from '../net/kernel-timer.ts';
import { RouteEvents, RouteRequests } from '../net/netlink-socket.ts';
import type { VrrpSystem } from '../net/system.ts';
import type { GuardPlan, InstancePlan, VrrpPlan } from '../plan.ts';
import { type AddressBytes, type Family, includesAddress, macText } from '../wire/address.ts';
import type { Advertisement, Drop } from '../wire/advertisement.ts';
import { Guard } from '../witness/guard.ts';
import { ConnectionDrain } from './connection-drain.ts';
import { GroupDriver } from './group-driver.ts';
import { Instance } from './instance.ts';
import { Interfaces, type Link } from './interfaces.ts';
import { Neighborhood } from './neighborhood.ts';
import { type InstanceNews, NewsLog } from './news.ts';
import { groupsOf, isSameRouter } from './plan-groups.ts';
import { Reception } from './reception.ts';
import type { InstanceStatus } from './status.ts';
import { Tracking } from './tracking.ts';

export interface AgentOptions {
  readonly system: VrrpSystem;
  readonly log: EventLog;
  readonly onNews: (instance: string, news: InstanceNews) => void;
  /** Its addresses are about to go to another node, by somebody's word: connections to them should end, within so long; or no more. */
  readonly onMoving: (instance: string, within: Ms | undefined) => void;
  /** Something is other than it was told last. */
  readonly onChange: () => void;
}

interface Running {
  readonly instance: Instance;
  readonly driver: GroupDriver;
}

/** All instances of this node, what they share of the network, and what they are told of it. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #newsLog: NewsLog;
  readonly #requests: RouteRequests;
  readonly #events: RouteEvents;
  readonly #connections: Connections;
  readonly #interfaces: Interfaces;
  readonly #reception: Reception;
  readonly #tracking: Tracking;
  /** By interface, as it is, and family. */
  readonly #neighborhoods = new Map<string, Neighborhood>();
  readonly #guardOf = new WeakMap<GroupDriver, Guard | undefined>();
  #running = new Map<string, Running>();
  /** Of instances that are no more, while they have hooks. */
  readonly #former = new Set<Instance>();
  #drivers: readonly GroupDriver[] = [];
  #guard: Guard | undefined;
  #guardPlan: GuardPlan | undefined;
  #isClosed = false;

  /** Throws an error of the system. */
  constructor(options: AgentOptions) {
    const { system, log } = options;
    this.#options = options;
    this.#newsLog = new NewsLog(log);
    this.#requests = new RouteRequests(system);
    this.#connections = new Connections(system);
    this.#events = new RouteEvents(system, (message) => this.#interfaces.take(message));
    this.#interfaces = new Interfaces(this.#requests, {
      changed: (name) => this.#linkChanged(name),
      added: (index, address) => {
        for (const { instance } of this.#running.values()) instance.added(index, address);
      },
      removed: (index, address) => {
        for (const { instance } of this.#running.values()) instance.removed(index, address);
      },
    });
    this.#reception = new Reception(system, (link, family, advert) => this.#received(link, family, advert));
    this.#tracking = new Tracking({
      log,
      onTracked: (name, status, adds) => this.#tellAll({ kind: 'tracked', name, status, adds }),
    });
  }

  /**
   * What is the same in both goes on as it is, and what is the same virtual router with other settings goes on by those; what is no
   * more leaves at once. Rejects when the witness' protocol cannot be had.
   */
  async take(plan: VrrpPlan, kept: Readonly<Record<string, Kept>>): Promise<void> {
    if (!isDeepStrictEqual(plan.guard, this.#guardPlan)) await this.#reguard(plan.guard);
    const before = this.#running;
    const wanted = groupsOf(plan);
    const drivers = this.#driversOf(wanted, before, kept);
    for (const driver of this.#drivers) if (!drivers.includes(driver)) this.#end(driver, before);
    this.#drivers = drivers;
    this.#tracking.take(plan);
    this.#listen();
    for (const group of wanted) {
      this.#become(group);
      this.#start(group);
    }
    this.#closeUnused();
  }

  /** A sign of life of the proxy. */
  beat(serving: number, late: Ms): void {
    if (!this.#isClosed) this.#tracking.beat(serving, late);
  }

  /** The proxy is gone, with all of its workers. */
  proxyEnded(): void {
    if (!this.#isClosed) this.#tracking.proxyEnded();
  }

  /** Of one instance, or of all. Returns what is wrong with that. */
  command(
    command: 'handover' | 'release' | 'resume',
    instance: string | undefined,
    by: string,
    why: string,
  ): string | undefined {
    if (instance !== undefined && !this.#running.has(instance)) return `there is no instance ${instance}`;
    for (const driver of this.#drivers) {
      const name = instance === undefined ? driver.names[0] : driver.names.find((each) => each === instance);
      if (name !== undefined) driver.handle(name, { kind: command, by, why });
    }
    this.#options.onChange();
    return undefined;
  }

  /** Says goodbye for all; resolves when no address is held any more, and no socket is open. Once more, it may be told to do so at once. */
  async stop(atOnce: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#drain();
    for (const driver of this.#drivers) driver.handle(driver.names[0] as string, { kind: 'stop', atOnce });
    while ([...this.#running.values()].some(({ driver, instance }) => isLeaving(driver, instance))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (!atOnce) await Promise.all([...this.#running.values()].map(({ instance }) => instance.gone));
    this.close();
  }

  /** Resolves when all hooks have ended: to be waited for after `stop`, as from then on there are no more. */
  async hooked(): Promise<void> {
    await Promise.all(this.#hooks.map(({ ended }) => ended));
  }

  /** The longest that may take. */
  get hookTime(): Ms {
    return Math.max(0, ...this.#hooks.map(({ timeLeft }) => timeLeft));
  }

  get #hooks(): readonly Instance['hooks'][] {
    return [...this.#former, ...[...this.#running.values()].map(({ instance }) => instance)].map(({ hooks }) => hooks);
  }

  status(wall: Ms): readonly InstanceStatus[] {
    return [...this.#running.values()].map(({ instance }) => instance.status(wall));
  }

  kept(): Readonly<Record<string, Kept>> {
    return Object.fromEntries(
      [...this.#running].map(([name, { driver }]) => [name, keptOf(driver.state(name))] as const),
    );
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tracking.close();
    for (const driver of this.#drivers) driver.close();
    for (const { instance } of this.#running.values()) instance.close();
    this.#reception.keep([]);
    for (const each of this.#neighborhoods.values()) each.close();
    this.#neighborhoods.clear();
    this.#events.close();
    this.#requests.close();
    this.#connections.close();
    void this.#guard?.close();
  }

  /** Throws when one cannot be made; then all are as they were. */
  #driversOf(
    wanted: readonly (readonly InstancePlan[])[],
    before: Map<string, Running>,
    kept: Readonly<Record<string, Kept>>,
  ): readonly GroupDriver[] {
    const made: GroupDriver[] = [];
    this.#running = new Map();
    try {
      return wanted.map((group) => {
        const same = this.#sameAs(group, before);
        if (same !== undefined) return same;
        const driver = this.#begin(group, kept);
        made.push(driver);
        return driver;
      });
    } catch (error) {
      for (const driver of made) driver.close();
      this.#running = before;
      throw error;
    }
  }

  /** The driver of the same instances, if each of them is the same virtual router as before. */
  #sameAs(group: readonly InstancePlan[], before: ReadonlyMap<string, Running>): GroupDriver | undefined {
    const found = group.map((plan) => before.get(plan.rules.name));
    const driver = found[0]?.driver;
    if (driver === undefined || driver.names.length !== group.length) return undefined;
    if (this.#guard !== this.#guardOf.get(driver)) return undefined;
    const isSame = group.every(
      (plan, i) => found[i]?.driver === driver && isSameRouter(plan, (found[i] as Running).instance.plan),
    );
    if (!isSame) return undefined;
    for (const each of found as Running[]) this.#running.set(each.instance.plan.rules.name, each);
    return driver;
  }

  #begin(group: readonly InstancePlan[], kept: Readonly<Record<string, Kept>>): GroupDriver {
    const { log, system } = this.#options;
    const now = () => performance.now();
    const driver = new GroupDriver({
      rules: group.map(({ rules }) => rules),
      kept: (name) => kept[name],
      carryOut: (name, action) => (this.#running.get(name) as Running).instance.carryOut(action),
      drain: () => this.#drain(),
      now,
      timer: (onDue) => new KernelTimer(system, onDue),
    });
    this.#guardOf.set(driver, this.#guard);
    const [first = ''] = driver.names;
    const drain = new ConnectionDrain({
      log,
      now,
      open: (addresses) => this.#connections.open(addresses),
      onMoving: (within) => this.#options.onMoving(first, within),
    });
    for (const plan of group) {
      const { name, family } = plan.rules;
      const instance = new Instance(plan, {
        system,
        requests: this.#requests,
        interfaces: this.#interfaces,
        log,
        now,
        handle: (event) => driver.handle(name, event),
        state: () => driver.state(name),
        neighborhood: (link) => this.#neighborhood(link, family),
        connections: this.#connections,
        drain,
        isVirtual: (address) => this.#isVirtual(address),
        tell: (news) => this.#tell(name, news),
      });
      this.#running.set(name, { instance, driver });
    }
    return driver;
  }

  #end(driver: GroupDriver, before: ReadonlyMap<string, Running>): void {
    const former = driver.names.map((name) => before.get(name) as Running);
    const now = this.#running;
    // Its last actions find it by its name.
    this.#running = new Map([...now, ...former.map((each) => [each.instance.plan.rules.name, each] as const)]);
    driver.handle(driver.names[0] as string, { kind: 'stop', atOnce: true });
    driver.close();
    for (const { instance } of former) {
      instance.close();
      this.#former.add(instance);
      void instance.hooks.ended.then(() => this.#former.delete(instance));
    }
    this.#running = now;
  }

  /** Instances that were guarded by the former one begin anew. That one goes on where the next one cannot be had. */
  async #reguard(plan: GuardPlan | undefined): Promise<void> {
    const former = this.#guard;
    const open = () => plan && Guard.open({ ...plan, log: this.#options.log, now: () => performance.now() });
    if (plan?.listen.port === this.#guardPlan?.listen.port) {
      // It is ours already, and has room for one.
      this.#guard = undefined;
      this.#guardPlan = undefined;
      await former?.close();
      this.#guard = await open();
    } else {
      this.#guard = await open();
      await former?.close();
    }
    this.#guardPlan = plan;
  }

  #listen(): void {
    for (const { instance } of this.#running.values()) {
      const link = this.#interfaces.link(instance.plan.rules.interface);
      if (link !== undefined) this.#open(link, instance.plan.rules.family);
    }
  }

  #open(link: Link, family: Family): void {
    try {
      this.#reception.open(link, family);
    } catch (error) {
      this.#options.log.error('advertisements cannot be received', { interface: link.name, error });
    }
  }

  /** What is tracked is told before the rules change: what is in both is not told to be otherwise. */
  #become(group: readonly InstancePlan[]): void {
    const [first] = group.map(({ rules }) => this.#running.get(rules.name) as Running);
    const isOther = group.some((plan) => !isDeepStrictEqual(plan, this.#running.get(plan.rules.name)?.instance.plan));
    if (first === undefined || !isOther) return;
    for (const plan of group) {
      const { instance, driver } = this.#running.get(plan.rules.name) as Running;
      instance.become(plan);
      this.#tellOfAll(driver, plan, this.#look(driver, instance));
    }
    first.driver.reconfigure(group.map(({ rules }) => rules));
  }

  #start(group: readonly InstancePlan[]): void {
    for (const plan of group) {
      const { rules } = plan;
      const { instance, driver } = this.#running.get(rules.name) as Running;
      if (driver.state(rules.name).standing.role !== 'stopped') continue;
      if (this.#guard !== undefined) instance.guardedBy(this.#guard, this.#guardPlan?.voters ?? []);
      const source = instance.look();
      instance.clear();
      this.#tellOfAll(driver, plan, source);
      driver.handle(rules.name, { kind: 'start', source: source ?? '' });
    }
  }

  /** What is known of all that it tracks. `source`: its address there, if its interface is up. */
  #tellOfAll(driver: GroupDriver, { rules, interfaces }: InstancePlan, source: string | undefined): void {
    for (const name of interfaces) {
      this.#tellOfLink(driver, rules.name, name, name === rules.interface ? source : undefined);
    }
    for (const { name, status, adds } of this.#tracking.known()) {
      driver.handle(rules.name, { kind: 'tracked', name, status, adds });
    }
  }

  #linkChanged(name: string): void {
    for (const { instance, driver } of this.#running.values()) {
      const { rules, interfaces } = instance.plan;
      if (!interfaces.includes(name)) continue;
      if (name !== rules.interface) {
        this.#tellOfLink(driver, rules.name, name, undefined);
        continue;
      }
      const link = this.#interfaces.link(name);
      if (link !== undefined) this.#open(link, rules.family);
      this.#tellOfLink(driver, rules.name, name, this.#look(driver, instance));
    }
    this.#closeUnused();
  }

  /** From which address it advertises now, if it can; an instance that is there is told. */
  #look(driver: GroupDriver, instance: Instance): string | undefined {
    const { name } = instance.plan.rules;
    const before = driver.state(name).source;
    const source = instance.look();
    if (source !== undefined && source !== before) driver.handle(name, { kind: 'source', address: source });
    return source;
  }

  /** Its own interface is up when it has an address there to advertise from; that it lacks the one that it is told is told apart. */
  #tellOfLink(driver: GroupDriver, instance: string, name: string, source: string | undefined): void {
    const { plan, lacksSource } = (this.#running.get(instance) as Running).instance;
    const isUp = this.#interfaces.link(name)?.isUp === true;
    if (name !== plan.rules.interface) {
      this.#tellTracked(driver, instance, interfaceTrack(name), isUp);
      return;
    }
    if (plan.source !== undefined) {
      this.#tellTracked(driver, instance, sourceTrack(plan.source, name), !lacksSource);
    }
    this.#tellTracked(driver, instance, interfaceTrack(name), source !== undefined || (isUp && lacksSource));
  }

  #tellTracked(driver: GroupDriver, instance: string, name: string, isUp: boolean): void {
    const status = isUp ? 'up' : 'down';
    if ((driver.state(instance).tracks[name]?.status ?? 'up') === status) return;
    driver.handle(instance, { kind: 'tracked', name, status });
  }

  /** Advertisements come first: by those it is decided what an answer to a probe, and a conflict, are worth. */
  #drain(): void {
    this.#reception.drain();
    for (const each of this.#neighborhoods.values()) each.drain();
  }

  #received(link: Link, family: Family, advert: Advertisement | Drop): void {
    const wall = Date.now();
    for (const { instance } of this.#running.values()) {
      if (!instance.isMeant(link, family, advert.vrid)) continue;
      if (advert.kind === 'advertisement') instance.received(advert, wall);
      else instance.dropped(advert.reason, advert.source, wall);
    }
  }

  #neighborhood(link: Link, family: Family): Neighborhood {
    const key = neighborhoodOf(link, family);
    const known = this.#neighborhoods.get(key);
    if (known !== undefined) return known;
    const made = new Neighborhood(this.#options.system, link, family, (claim) => {
      for (const { instance } of this.#running.values()) {
        if (instance.link?.index === link.index && instance.plan.rules.family === family) instance.claimed(claim);
      }
    });
    this.#neighborhoods.set(key, made);
    return made;
  }

  #isVirtual(address: AddressBytes): boolean {
    return [...this.#running.values()].some(({ instance }) => includesAddress(instance.addresses, address));
  }

  #closeUnused(): void {
    const wanted = [...this.#running.values()].flatMap(({ instance }) => {
      const link = this.#interfaces.link(instance.plan.rules.interface);
      return link === undefined ? [] : [{ link, family: instance.plan.rules.family }];
    });
    this.#reception.keep(wanted);
    const keys = new Set(wanted.map(({ link, family }) => neighborhoodOf(link, family)));
    for (const [key, neighborhood] of this.#neighborhoods) {
      if (keys.has(key)) continue;
      neighborhood.close();
      this.#neighborhoods.delete(key);
    }
  }

  #tell(instance: string, news: InstanceNews): void {
    const { onNews, onChange } = this.#options;
    this.#newsLog.take(instance, news, performance.now());
    onNews(instance, news);
    onChange();
  }

  #tellAll(event: InstanceEvent & { readonly kind: 'tracked' }): void {
    for (const { instance, driver } of this.#running.values()) {
      const { name, tracks } = instance.plan.rules;
      if (tracks.some((track) => track.name === event.name)) driver.handle(name, event);
    }
  }
}

/** What is told of an interface that has another MAC address is told by another one. */
function neighborhoodOf({ index, mac }: Link, family: Family): string {
  return `${index} ${family} ${mac === undefined ? '' : macText(mac)}`;
}

function isLeaving(driver: GroupDriver, { plan }: Instance): boolean {
  const { role } = driver.state(plan.rules.name).standing;
  return role !== 'stopped' && role !== 'released' && role !== 'fault';
}
