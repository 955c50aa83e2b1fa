import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AddressNewsItem } from '../../src/control/address-news.ts';
import type { AddressCommand } from '../../src/operator/commands.ts';
import type { InstanceNews } from '../../src/vrrp/agent/news.ts';
import type { InstanceStatus } from '../../src/vrrp/agent/status.ts';
import type { Alarm } from '../../src/vrrp/model.ts';
import { wallNow } from './clock.ts';
import { Journal } from './journal.ts';
import type { Lan } from './lan.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import type { ToControl } from './vrrp-agent-process.ts';
import { type RoleChange, type Router, type RouterRole, type RouterRules, vipOf } from './vrrp-router.ts';
import { within } from './wait.ts';

const PROCESS = new URL('./vrrp-agent-process.ts', import.meta.url).pathname;

/** What other programs do not have: of the instance, and beside it. */
export interface OwnSettings {
  readonly instance?: object;
  readonly vrrp?: object;
}

/** A line of what control says. */
interface Said {
  readonly type: 'event' | 'news' | 'taken' | 'refused' | 'commanded' | 'status';
  readonly [what: string]: unknown;
}

/** Portico's VRRP on a host: control and the agent, each a process. It ends with the test. */
export class PorticoRouter implements Router {
  readonly program = 'portico';
  readonly host: string;
  readonly rules: RouterRules;
  readonly roles = new Journal<RoleChange>('role of Portico');
  readonly said = new Journal<Said>('line of control');
  readonly #lan: Lan;
  readonly #own: OwnSettings;
  #stateDir: string | undefined;
  #child: ChildProcess | undefined;

  constructor(lan: Lan, host: string, rules: RouterRules, own: OwnSettings = {}) {
    this.#lan = lan;
    this.host = host;
    this.rules = rules;
    this.#own = own;
  }

  async start(): Promise<void> {
    const directory = this.#stateDir ?? (await tempDir('vrrp'));
    this.#stateDir = directory;
    if (this.rules.password !== undefined) await writeFile(join(directory, 'password'), this.rules.password);
    const child = this.#lan.spawn(this.host, process.execPath, [PROCESS, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    atTeardown(() => this.kill9());
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#take(JSON.parse(line)),
    );
    child.once('exit', () => this.#become('stopped'));
    const before = this.roles.all.length;
    await this.reload(this.#own);
    await this.roles.waitFor(({ role }) => role !== 'stopped', { from: before, wanted: 'at its start' });
  }

  async reload({ instance, vrrp }: OwnSettings): Promise<void> {
    const instances = [{ ...settingsOf(this.rules, this.#stateDir as string), ...instance }];
    const taken = await this.#ask({ type: 'settings', vrrp: { instances, ...vrrp } }, 'taken');
    if (taken.type === 'refused') throw new Error(`Portico refused: ${taken.problem}`);
  }

  get role(): RouterRole {
    return this.roles.all.at(-1)?.role ?? 'stopped';
  }

  holdsVip(): boolean {
    return this.#lan.addresses(this.host).includes(vipOf(this.rules));
  }

  /** `portico vrrp …`. Throws what is wrong with that. */
  async command(command: AddressCommand): Promise<void> {
    const { problem } = await this.#ask({ type: 'command', command }, 'commanded');
    if (problem !== undefined) throw new Error(`${problem}`);
  }

  /** As control has it, within the second. */
  async status(): Promise<InstanceStatus> {
    const { instances } = await this.#ask({ type: 'status' }, 'status');
    return (instances as InstanceStatus[])[0] as InstanceStatus;
  }

  /** An event of the log, of now or later. */
  async event(event: string, from = 0): Promise<Said> {
    return this.said.waitFor((said) => said.type === 'event' && said.event === event, { from, wanted: event });
  }

  /** An alarm of its state machine of one of these kinds, of now or later; `from`: an index of `said`. */
  async alarm(kinds: Alarm['kind'] | readonly Alarm['kind'][], from = 0): Promise<AddressNewsItem> {
    const isIt = ({ type, news }: Said) => type === 'news' && isAlarm(news as InstanceNews, [kinds].flat());
    return (await this.said.waitFor(isIt, { from, wanted: `${kinds}` })) as unknown as AddressNewsItem;
  }

  tell(message: ToControl): void {
    this.#child?.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  async stop(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await within(ended, 'Portico to end', 8000);
  }

  /** Control is held meanwhile, so that it does not start another agent, and that the agent does not see its channel end. */
  async kill9(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGSTOP');
    this.killAgent();
    child.kill('SIGKILL');
    await ended;
  }

  /** The agent alone: control starts another one. */
  killAgent(): void {
    for (const pid of this.agents()) process.kill(pid, 'SIGKILL');
  }

  /** Their pids: of one, or of none. */
  agents(): number[] {
    const child = this.#running();
    return child === undefined ? [] : childrenOf(child.pid as number);
  }

  /** Control and the proxy alone. Resolves when they are gone; the agent is not, perhaps. */
  async killProxy(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async #ask(message: ToControl, answer: Said['type']): Promise<Said> {
    const from = this.said.all.length;
    this.tell(message);
    const isAnswer = ({ type }: Said) => type === answer || type === 'refused';
    return this.said.waitFor(isAnswer, { from, wanted: answer, limit: 8000 });
  }

  #running(): ChildProcess | undefined {
    const child = this.#child;
    return child === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : child;
  }

  #take(said: Said): void {
    this.said.add(said);
    const role = said.type === 'event' ? /^vrrp (\w+)$/.exec(`${said.event}`)?.[1] : undefined;
    if (role !== undefined) this.#become(role as RouterRole);
  }

  #become(role: RouterRole): void {
    this.roles.add({ role, at: wallNow() });
  }
}

function settingsOf({ preempts, interval, unicastPeers, password, ...same }: RouterRules, directory: string): object {
  return {
    ...same,
    name: 'front',
    interface: 'eth0',
    advert_interval: `${interval}ms`,
    preempt: preempts ? 'always' : 'never',
    unicast_peers: unicastPeers,
    ...(password !== undefined && { auth: { password_file: join(directory, 'password') } }),
  };
}

function isAlarm(news: InstanceNews, kinds: readonly Alarm['kind'][]): boolean {
  return news.kind === 'alarm' && kinds.includes(news.alarm.kind);
}

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}
