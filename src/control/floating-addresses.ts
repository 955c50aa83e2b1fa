import { parseListenAddress } from '../base/address.ts';
import { monotonicNow } from '../base/monotonic.ts';
import type { Ms } from '../base/units.ts';
import type { Settings } from '../config/settings.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { AddressCommand } from '../operator/commands.ts';
import type { FromAgent } from '../vrrp/agent/messages.ts';
import type { InstanceStatus } from '../vrrp/agent/status.ts';
import { departureTime } from '../vrrp/machine/leaving.ts';
import type { VrrpPlan } from '../vrrp/plan.ts';
import { planVrrp } from '../vrrp/planner.ts';
import type { AddressNewsItem } from './address-news.ts';
import { type KeptOrders, KeptOrdersFile } from './kept-orders.ts';
import { RefusedError } from './refused-error.ts';
import { VrrpProcess } from './vrrp-process.ts';
import { witnessPortProblem } from './witness-port.ts';

export interface FloatingAddressesOptions {
  readonly file: string;
  readonly stateDir: string;
  readonly log: EventLog;
  readonly version: string;
  /** Workers that accept now. */
  readonly serving: () => number;
  /** Addresses are about to go to another node, by an operator's word: clients' connections should end, within so long; or no more. */
  readonly onMoving: (within: Ms | undefined) => void;
  readonly onNews: (news: AddressNewsItem) => void;
  /** The agent goes by the newest plan. */
  readonly onPlanned: () => void;
  /** The agent died, or does not answer, in words; `undefined`: there is one that does. */
  readonly onAgent: (says: string | undefined) => void;
}

/** What a generation wants, beside what there is: in force after `commit`, as if it had not been after `abandon`. */
export interface PendingFloating {
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

/** Signs of life for the agent: the proxy is late when they are. */
const BEAT: Ms = 250;

/** What the agent's own reckoning of a departure may be late by. */
const STOP_MARGIN: Ms = 1_000;

const PATIENCE: Ms = 5_000;

/** The addresses that this node shares with others, as control has them: a plan for the agent, signs of life, and the operator's word. */
export class FloatingAddresses {
  readonly #options: FloatingAddressesOptions;
  #process: VrrpProcess | undefined;
  #plan: VrrpPlan | undefined;
  #generation = 0;
  #instances: readonly InstanceStatus[] = [];
  readonly #keptFile: KeptOrdersFile;
  #kept: KeptOrders;
  #beats: NodeJS.Timeout | undefined;
  #beatAt: Ms = 0;
  #commands = 0;
  #isAway = false;
  #leaving: Promise<void> | undefined;
  /** By instance, within which time. */
  readonly #moving = new Map<string, Ms>();
  readonly #waiting = new Map<number, (problem: string | undefined) => void>();

  constructor(options: FloatingAddressesOptions) {
    this.#options = options;
    this.#keptFile = new KeptOrdersFile(options.stateDir, options.log);
    this.#kept = this.#keptFile.read();
  }

  /** `undefined`: this node shares none. */
  get process(): VrrpProcess | undefined {
    return this.#process;
  }

  /** Those of the plan, in the order of the file. */
  get names(): readonly string[] {
    return (this.#plan?.instances ?? []).map(({ rules }) => rules.name);
  }

  /** What operators say of instances. */
  get kept(): KeptOrders {
    return this.#kept;
  }

  /** Has the file say these as well, or no more than what is so: before it is, as after a restart it has to be. With an error, it does not. */
  keep(said: KeptOrders = {}): Error | undefined {
    return this.#keptFile.write({ ...this.#kept, ...said });
  }

  /** As the agent told them last, within the second; empty while it is away, or does not answer. */
  get instances(): readonly InstanceStatus[] {
    return this.#instances;
  }

  /** Throws a `RefusedError` when the plan cannot be made, or this system cannot do what it needs. */
  async prepare({ vrrp, listeners, node }: Settings, ports: readonly number[]): Promise<PendingFloating> {
    if (vrrp === 'off' || vrrp.instances.length === 0)
      return { commit: () => this.close(Infinity), abandon: async () => {} };
    const context = { node: node.name, version: this.#options.version };
    const plan = await this.#orRefused(() => planVrrp(vrrp, { ...context, proxyUrl: proxyUrl(listeners, ports) }));
    await this.#reserve(plan);
    const isNew = this.#process === undefined;
    const process = this.#process ?? (await this.#orRefused(() => this.#start()));
    return {
      commit: async () => {
        this.#process = process;
        this.#take(plan);
      },
      abandon: async () => {
        if (!isNew) return;
        await process.stop(0);
        await process.ended;
      },
    };
  }

  /** Of one instance, or of all. Resolves with what is wrong with that. */
  command(command: AddressCommand, instance: string | undefined, by: string, why: string): Promise<string | undefined> {
    const process = this.#process;
    if (process?.isReady !== true) return Promise.resolve('the VRRP agent is not there now');
    this.#commands += 1;
    const id = this.#commands;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const overdue = setTimeout(() => resolve('the VRRP agent does not answer'), PATIENCE);
    this.#waiting.set(id, resolve);
    process.send({ type: 'command', id, command, instance, by, why });
    return promise.finally(() => {
      clearTimeout(overdue);
      this.#waiting.delete(id);
    });
  }

  /**
   * Says goodbye, and resolves when others have the addresses, or nobody wants them. `patience`: how long hooks may keep that from being
   * said, by each its deadline. To those that come after it, only `close` waits.
   */
  async stop(patience: Ms): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    await process.stop(this.#departure(patience));
    this.#movesNoMore();
    // Until then it is told that the proxy serves.
    clearInterval(this.#beats);
    this.#process = undefined;
    this.#instances = [];
    this.#leaving = process.ended;
  }

  /** The same, to the end of the agent. */
  async close(patience: Ms): Promise<void> {
    await this.stop(patience);
    await this.#leaving;
  }

  #departure(patience: Ms): Ms {
    const times = (this.#plan?.instances ?? []).map(({ rules }) => departureTime(rules));
    const before = Math.max(0, ...times.map((each) => each.before));
    const goodbye = Math.max(0, ...times.map((each) => each.goodbye)) + STOP_MARGIN;
    return Math.min(before + goodbye, Math.max(patience, goodbye));
  }

  async #reserve({ guard }: VrrpPlan): Promise<void> {
    if (guard === undefined) return;
    const ours = this.#process === undefined ? undefined : this.#plan?.guard?.listen;
    const problem = await witnessPortProblem(guard.listen, ours);
    if (problem !== undefined) throw new RefusedError([`${this.#options.file} vrrp.witness.listen: ${problem}`]);
  }

  #start(): Promise<VrrpProcess> {
    const { log } = this.#options;
    return VrrpProcess.start({
      log,
      onMessage: (message) => this.#heard(message),
      onReady: () => this.#ready(),
      onAway: (how) => this.#away(`the VRRP agent ended with ${how}`),
      onSilent: (isSilent) => (isSilent ? this.#away('the VRRP agent does not answer') : this.#isBack()),
    });
  }

  #ready(): void {
    this.#tellAll();
    this.#isBack();
  }

  #isBack(): void {
    if (this.#isAway) this.#options.onAgent(undefined);
    this.#isAway = false;
  }

  /** What it last told is not so any more: the kernel takes its addresses away. */
  #away(says: string): void {
    this.#isAway = true;
    this.#movesNoMore();
    this.#instances = [];
    for (const answer of this.#waiting.values()) answer(says);
    this.#options.onAgent(says);
  }

  #take(plan: VrrpPlan): void {
    this.#plan = plan;
    this.#tellAll();
    clearInterval(this.#beats);
    this.#beatAt = monotonicNow();
    this.#beats = setInterval(() => this.#beat(), BEAT);
  }

  #tellAll(): void {
    const plan = this.#plan;
    if (plan === undefined || this.#process === undefined) return;
    this.#generation += 1;
    this.#beat();
    this.#process.send({ type: 'plan', generation: this.#generation, plan, kept: this.#kept });
  }

  #beat(): void {
    const now = monotonicNow();
    const late = Math.max(0, now - this.#beatAt - BEAT);
    this.#beatAt = now;
    this.#process?.send({ type: 'beat', serving: this.#options.serving(), late });
  }

  #heard(message: FromAgent): void {
    switch (message.type) {
      case 'status':
        this.#instances = this.#inOrder(message.instances);
        return;
      case 'planned':
        if (message.generation === this.#generation) this.#options.onPlanned();
        return;
      case 'news':
        this.#options.onNews(message);
        return;
      case 'moving':
        this.#moves(message.instance, message.within);
        return;
      case 'kept':
        this.#kept = message.kept;
        this.#tellUnkept(this.keep());
        return;
      case 'commanded':
        this.#waiting.get(message.id)?.(message.problem);
        return;
      case 'event': {
        const { level, event, fields } = message.record;
        this.#options.log[level](event, fields);
      }
    }
  }

  #moves(instance: string, within: Ms | undefined): void {
    const before = this.#movesWithin;
    if (within !== undefined) this.#moving.set(instance, within);
    else this.#moving.delete(instance);
    const now = this.#movesWithin;
    if (now !== before) this.#options.onMoving(now);
  }

  get #movesWithin(): Ms | undefined {
    return this.#moving.size === 0 ? undefined : Math.min(...this.#moving.values());
  }

  /** Whoever said so is not there any more. */
  #movesNoMore(): void {
    for (const instance of [...this.#moving.keys()]) this.#moves(instance, undefined);
  }

  #inOrder(instances: readonly InstanceStatus[]): readonly InstanceStatus[] {
    const { names } = this;
    return instances.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  }

  #tellUnkept(error: Error | undefined): void {
    if (error === undefined) return;
    const event = 'what operators said of floating addresses will not outlive a restart';
    this.#options.log.error(event, { file: this.#keptFile.path, error });
  }

  async #orRefused<T>(act: () => T | Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw new RefusedError([`${this.#options.file} vrrp: ${(error as Error).message}`]);
    }
  }
}

/**
 * Where the proxy answers whoever asks from this machine: a listener for all addresses, or for the loopback ones, as others may be those
 * that are shared. Plain HTTP is the least work. One that wants a PROXY header would take us for an attacker.
 */
function proxyUrl(listeners: Settings['listeners'], ports: readonly number[]): string | undefined {
  const urls = listeners.flatMap(({ address, protocol, proxy_protocol_from }, index) => {
    const host = HERE.get(parseListenAddress(address)?.host ?? '');
    return host === undefined || proxy_protocol_from.length > 0 ? [] : [`${protocol}://${host}:${ports[index]}/`];
  });
  return urls.find((url) => url.startsWith('http:')) ?? urls[0];
}

const HERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]'],
]);
