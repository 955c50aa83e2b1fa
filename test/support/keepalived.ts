import { execFileSync, spawnSync } from 'node:child_process';
import { findPeer } from '../../bin/peers.ts';
import { atTeardown } from './teardown.ts';

/** What keepalived says of a configuration, on a machine that has eth0 to eth3. It starts nothing. */
export class KeepalivedCheck {
  readonly #space = `kc${process.pid.toString(36)}`;

  /** Needs what a LAN needs. */
  static open(): KeepalivedCheck {
    const check = new KeepalivedCheck();
    atTeardown(() => check.#close());
    check.#ip('netns', 'add', check.#space);
    for (const [one, other] of [
      ['eth0', 'eth1'],
      ['eth2', 'eth3'],
    ] as const) {
      check.#ip('-n', check.#space, 'link', 'add', one, 'type', 'veth', 'peer', 'name', other);
      for (const name of [one, other]) check.#ip('-n', check.#space, 'link', 'set', name, 'up');
    }
    return check;
  }

  private constructor() {}

  /** `status` 0: it is good; 5: it is taken, with remarks. */
  of(file: string, configId = 'lb1'): { readonly status: number | null; readonly said: readonly string[] } {
    const keepalived = findPeer('keepalived') ?? 'keepalived';
    const args = ['netns', 'exec', this.#space, keepalived, '-t', '-i', configId, '-f', file];
    const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8', timeout: 10_000 });
    return { status, said: stderr.split('\n').filter((line) => line !== '') };
  }

  #close(): void {
    this.#ip('netns', 'del', this.#space);
  }

  #ip(...args: readonly string[]): void {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
