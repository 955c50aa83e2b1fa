import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ms } from '../../src/base/units.ts';
import type { WitnessPolicy } from '../../src/vrrp/model.ts';
import { wallNow } from './clock.ts';
import { tempDir } from './temp.ts';
import type { VipClient } from './vip-client.ts';
import { PorticoRouter } from './vrrp-agent.ts';
import { vipOf } from './vrrp-router.ts';
import { DIALECTS, type Dialect, rulesFor, type SeenByAll, type VrrpScene } from './vrrp-scene.ts';
import { Witness } from './vrrp-witness.ts';

const [V3] = DIALECTS as [Dialect];

/** Two nodes that run all the time, `a` the one with the higher priority; a client; and on `w` a witness. */
export class VrrpPair {
  readonly scene: VrrpScene;
  readonly a: PorticoRouter;
  readonly b: PorticoRouter;
  readonly vip: string;
  readonly interval: Ms = V3.interval;
  readonly client: VipClient;
  readonly #keyFile: string;
  #witness: Witness | undefined;
  #turn = 0;

  /** On a scene with a host `w`. */
  static async open(scene: VrrpScene): Promise<VrrpPair> {
    const keyFile = join(await tempDir('witness'), 'key');
    await writeFile(keyFile, randomBytes(32).toString('base64'));
    const node = (host: string, priority: number) =>
      new PorticoRouter(scene.lan, host, rulesFor(scene, host, V3, { priority }));
    // So far apart that they do not take over at once when both begin at the same time.
    const [a, b] = [node('a', 254), node('b', 200)];
    const [witness] = await Promise.all([Witness.start(scene.lan, 'w', keyFile), a.start(), b.start()]);
    await scene.settled(a, b);
    const pair = new VrrpPair(scene, keyFile, a, b, await scene.client(a));
    pair.#witness = witness;
    return pair;
  }

  private constructor(scene: VrrpScene, keyFile: string, a: PorticoRouter, b: PorticoRouter, client: VipClient) {
    this.scene = scene;
    this.#keyFile = keyFile;
    this.a = a;
    this.b = b;
    this.client = client;
    this.vip = vipOf(a.rules);
  }

  /** All is as it was at first, and who has a say in it: as a virtual router of its own. Resolves when `a` is active. */
  async govern(policy: WitnessPolicy | 'off'): Promise<void> {
    const { scene, a, b } = this;
    scene.heal();
    const from = this.#witness?.log.all.length ?? 0;
    this.#turn++;
    const instance = { vrid: a.rules.vrid + this.#turn };
    const begin = async (node: PorticoRouter, peer: string) => {
      const before = node.roles.all.length;
      await node.reload({ instance, vrrp: policy === 'off' ? {} : { witness: this.#settings(peer, policy) } });
      await node.roles.waitFor(({ role }) => role === 'backup', { from: before, wanted: 'of its new beginning' });
    };
    await Promise.all([begin(a, 'b'), begin(b, 'a')]);
    await scene.settled(a, b);
    if (policy !== 'off') await this.#witness?.lent(scene.lan.host('a').address, from);
    await this.client.answeredBy('a');
  }

  async killWitness(): Promise<void> {
    await this.#witness?.kill9();
    this.#witness = undefined;
  }

  /** Resolves when it listens. It ends with the test, if one is running. */
  async startWitness(): Promise<void> {
    this.#witness = await Witness.start(this.scene.lan, 'w', this.#keyFile);
  }

  #settings(peer: string, policy: WitnessPolicy): object {
    const addressOf = (host: string) => `${this.scene.lan.host(host).address}:8112`;
    return { address: addressOf('w'), peer: addressOf(peer), key_file: this.#keyFile, policy };
  }

  /** What clients and hosts saw from then on until now. */
  seen(since: Ms): Promise<SeenByAll> {
    return this.scene.seen(this.client, this.vip, since);
  }

  /** So many intervals later. */
  async intervals(count: number): Promise<void> {
    const until = wallNow() + count * this.interval;
    await this.client.requests.waitFor(({ start }) => start >= until, { limit: 8000 });
  }
}
