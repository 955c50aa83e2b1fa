import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { peersAreRequired } from '../../bin/peers.ts';
import { atTeardown } from './teardown.ts';

/** Hosts on one switch, each a network namespace: what they do to each other touches nothing else on this machine. */

/** CAP_SYS_ADMIN and CAP_NET_ADMIN, which root mostly has. In CI a test that cannot be run fails rather than being skipped. */
export const MAY_MAKE_LANS = peersAreRequired() || hasCapabilities(21, 12);

/** CAP_SYS_NICE. */
const MAY_BE_REALTIME = hasCapabilities(23);

/** The switch, as a host: it sees what comes in by each of its ports. */
export const SWITCH = 'sw';

let made = 0;

export interface Host {
  readonly name: string;
  /** 10.99.0.N, in a /24. */
  readonly address: string;
  /** fd99::N, in a /64. */
  readonly address6: string;
  /** Of its `eth0`. */
  readonly mac: string;
}

/** A host that is not asked for by name is `a`, `b` and so on; the switch is a host without an address. */
export class Lan {
  readonly #id = `p${process.pid.toString(36)}${(made++).toString(36)}`;
  readonly #hosts = new Map<string, Host>();

  static open(...names: readonly string[]): Lan {
    const lan = new Lan();
    atTeardown(() => lan.#close());
    lan.#make(names);
    return lan;
  }

  private constructor() {}

  host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Runs to its end on a host, and returns what it said. Throws when it fails. */
  run(host: string, command: string, ...args: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.#space(host), command, ...args], { encoding: 'utf8' });
  }

  /** What runs a command on a host, as words before it. */
  prefix(host: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#space(host)];
  }

  /** Runs on a host; its pid is that of the command. It is killed with the test. */
  spawn(host: string, command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#space(host), command, ...args], options);
    atTeardown(() => child.kill('SIGKILL'));
    return child;
  }

  /**
   * The same, before what else this machine does, where that is permitted; or behind it. Tests of other files run beside: what is asked here is
   * whether a node is in time, and not whether it has a machine.
   */
  spawnNice(
    host: string,
    nice: -10 | 10,
    command: string,
    args: readonly string[],
    options: SpawnOptions,
  ): ChildProcess {
    if (!MAY_BE_REALTIME) return this.spawn(host, command, args, options);
    return this.spawn(host, 'nice', ['-n', String(nice), command, ...args], options);
  }

  /** The same, ahead of ordinary processes where that is permitted: what measures must not wait for what is measured. */
  spawnObserver(host: string, command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    if (!MAY_BE_REALTIME) return this.spawn(host, command, args, options);
    return this.spawn(host, 'chrt', ['--rr', '5', command, ...args], options);
  }

  /** The addresses of a host's `eth0`, its own and others. */
  addresses(host: string): string[] {
    const [link] = JSON.parse(this.run(host, 'ip', '-j', 'addr', 'show', 'dev', 'eth0')) as [
      { addr_info: { local: string }[] },
    ];
    return link.addr_info.map(({ local }) => local);
  }

  /** The cable is pulled: the host sees that there is no carrier. */
  unplug(host: string): void {
    this.#ip('-n', this.#space(SWITCH), 'link', 'set', port(host), 'down');
  }

  plug(host: string): void {
    this.#ip('-n', this.#space(SWITCH), 'link', 'set', port(host), 'up');
  }

  /** Its interface is set down, by an operator there. */
  setDown(host: string): void {
    this.#ip('-n', this.#space(host), 'link', 'set', 'eth0', 'down');
  }

  setUp(host: string): void {
    this.#ip('-n', this.#space(host), 'link', 'set', 'eth0', 'up');
  }

  /** Its interface is taken out. */
  takeOut(host: string): void {
    this.#ip('-n', this.#space(host), 'link', 'del', 'eth0');
  }

  /** An interface that may be up, as Linux has it from 6.2 on. */
  rename(host: string, from: string, to: string): void {
    this.#ip('-n', this.#space(host), 'link', 'set', from, 'name', to);
  }

  /** Another one is put in, of the same name and with its addresses. */
  putIn(host: string): void {
    this.#connect(this.host(host));
  }

  /** Nothing passes any more, and the host cannot see that. */
  isolate(host: string): void {
    this.#ip('-n', this.#space(SWITCH), 'link', 'set', port(host), 'nomaster');
  }

  rejoin(host: string): void {
    this.#ip('-n', this.#space(SWITCH), 'link', 'set', port(host), 'master', 'br0');
  }

  /** These hosts do not hear each other, and all others do. */
  blind(hosts: readonly string[], isBlind = true): void {
    for (const host of hosts) {
      const on = isBlind ? 'on' : 'off';
      execFileSync('ip', [
        'netns',
        'exec',
        this.#space(SWITCH),
        'bridge',
        'link',
        'set',
        'dev',
        port(host),
        'isolated',
        on,
      ]);
    }
  }

  #make(names: readonly string[]): void {
    this.#ip('netns', 'add', this.#space(SWITCH));
    const bridge = ['type', 'bridge', 'mcast_snooping', '0', 'stp_state', '0', 'forward_delay', '0'];
    this.#ip('-n', this.#space(SWITCH), 'link', 'add', 'br0', ...bridge);
    this.#ip('-n', this.#space(SWITCH), 'link', 'set', 'br0', 'up');
    for (const [index, name] of names.entries()) this.#add(name, index + 1);
  }

  #add(name: string, number: number): void {
    const space = this.#space(name);
    this.#ip('netns', 'add', space);
    const host = { name, address: `10.99.0.${number}`, address6: `fd99::${number}`, mac: '' };
    this.#hosts.set(name, host);
    this.#ip('-n', space, 'link', 'set', 'lo', 'up');
    this.#connect(host);
  }

  #connect({ name, address, address6 }: Host): void {
    const [sw, space] = [this.#space(SWITCH), this.#space(name)];
    this.#ip('-n', sw, 'link', 'add', port(name), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
    this.#ip('-n', sw, 'link', 'set', port(name), 'master', 'br0', 'up');
    this.#ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    this.#ip('-n', space, '-6', 'addr', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad');
    // A link-local address that has still to be proved free is none to send from for two seconds.
    this.run(name, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.accept_dad=0');
    this.#ip('-n', space, 'link', 'set', 'eth0', 'up');
    const mac = this.run(name, 'cat', '/sys/class/net/eth0/address').trim();
    this.#hosts.set(name, { name, address, address6, mac });
  }

  #close(): void {
    for (const name of [...this.#hosts.keys(), SWITCH]) {
      try {
        this.#ip('netns', 'del', this.#space(name));
      } catch {
        // It was never made.
      }
    }
  }

  #space(host: string): string {
    return `${this.#id}-${host}`;
  }

  #ip(...args: readonly string[]): void {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** Of the switch, to this host. */
function port(host: string): string {
  return `port-${host}`;
}

/** Whom a port of the switch leads to; `undefined`: it is the switch itself. */
export function hostOfPort(name: string): string | undefined {
  return name.startsWith('port-') ? name.slice('port-'.length) : undefined;
}

function hasCapabilities(...numbers: readonly number[]): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return numbers.every((number) => (BigInt(`0x${effective}`) >> BigInt(number)) & 1n);
  } catch {
    return false;
  }
}
