import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { wallNow } from './clock.ts';
import { Journal } from './journal.ts';
import type { Lan } from './lan.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { type RoleChange, type Router, type RouterRole, type RouterRules, vipOf } from './vrrp-router.ts';
import { within } from './wait.ts';

/** Debian's keepalived in the foreground on a host. It ends with the test. */
export class Keepalived implements Router {
  readonly program = 'keepalived';
  readonly host: string;
  readonly rules: RouterRules;
  readonly roles = new Journal<RoleChange>('role of keepalived');
  /** Its log, without the times. */
  readonly log = new Journal<string>('line of keepalived');
  readonly #lan: Lan;
  #child: ChildProcess | undefined;
  #pidFile = '';

  constructor(lan: Lan, host: string, rules: RouterRules) {
    this.#lan = lan;
    this.host = host;
    this.rules = rules;
  }

  async start(): Promise<void> {
    const directory = await tempDir('keepalived');
    const file = join(directory, 'keepalived.conf');
    const { address, address6 } = this.#lan.host(this.host);
    const own = this.rules.unicastPeers[0]?.includes(':') === true ? address6 : address;
    await writeFile(file, configuration(this.rules, own));
    this.#pidFile = join(directory, 'vrrp.pid');
    const files = ['-f', file, '-p', join(directory, 'parent.pid'), '-r', this.#pidFile];
    // -P VRRP alone; -n in the foreground; -l -D -G all of its log, to us and nobody else.
    const child = this.#lan.spawn(this.host, 'keepalived', ['-P', '-n', '-l', '-D', '-G', ...files], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    atTeardown(() => this.kill9());
    const before = this.roles.all.length;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => this.#take(line));
    }
    const ended = once(child, 'exit').then(() => {
      this.#become('stopped');
      throw new Error(`keepalived ended; it said\n${this.log.all.slice(-15).join('\n')}`);
    });
    ended.catch(() => {});
    await Promise.race([this.roles.waitFor(() => true, { from: before, wanted: 'at its start' }), ended]);
  }

  get role(): RouterRole {
    return this.roles.all.at(-1)?.role ?? 'stopped';
  }

  holdsVip(): boolean {
    return this.#lan.addresses(this.host).includes(vipOf(this.rules));
  }

  async stop(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await within(ended, 'keepalived to end');
  }

  /** The child would be started anew by its parent, and would leave in an orderly way without it: the parent is held meanwhile. */
  async kill9(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGSTOP');
    const pid = pidIn(this.#pidFile);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await ended;
  }

  #running(): ChildProcess | undefined {
    const child = this.#child;
    return child === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : child;
  }

  #take(line: string): void {
    const text = line.replace(/^\w{3} \w{3} [ \d]\d \S+ \d{4}: /, '');
    this.log.add(text);
    const state = /^\(front\) Entering (\w+) STATE/.exec(text)?.[1];
    const role = state === undefined ? undefined : ROLES[state];
    if (role !== undefined) this.#become(role);
  }

  #become(role: RouterRole): void {
    this.roles.add({ role, at: wallNow() });
  }
}

const ROLES: Readonly<Record<string, RouterRole>> = { MASTER: 'active', BACKUP: 'backup', FAULT: 'fault' };

function configuration(rules: RouterRules, own: string): string {
  const { version, vrid, priority, interval, preempts, addresses, unicastPeers, password } = rules;
  return `
global_defs {
  vrrp_version ${version}
}
vrrp_instance front {
  state BACKUP
  interface eth0
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int ${interval / 1000}
  ${preempts ? '' : 'nopreempt'}
  ${password === undefined ? '' : block('authentication', ['auth_type PASS', `auth_pass ${password}`])}
  ${unicastPeers.length === 0 ? '' : `unicast_src_ip ${own}\n  ${block('unicast_peer', unicastPeers)}`}
  ${block(
    'virtual_ipaddress',
    addresses.map((address) => `${address} dev eth0`),
  )}
}
`;
}

function block(name: string, lines: readonly string[]): string {
  return [`${name} {`, ...lines.map((line) => `    ${line}`), '  }'].join('\n');
}

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
