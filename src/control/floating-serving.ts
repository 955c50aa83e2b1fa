import type { VrrpPort } from '../admin/api/vrrp-port.ts';
import type { Ms } from '../base/units.ts';
import type { Settings } from '../config/settings.ts';
import { type VrrpFacts, vrrpFamilies } from '../metrics/vrrp-families.ts';
import type { MetricFamily } from '../observe/metric.ts';
import type { AddressHand } from '../operator/address-hand.ts';
import { DROP_REASONS } from '../vrrp/agent/advert-checking.ts';
import { AddressNews } from './address-news.ts';
import { AddressOrders } from './address-orders.ts';
import { FloatingAddresses, type FloatingAddressesOptions, type PendingFloating } from './floating-addresses.ts';
import type { VrrpProcess } from './vrrp-process.ts';
import { Webhook } from './webhook.ts';

export interface FloatingServingOptions
  extends Pick<FloatingAddressesOptions, 'file' | 'stateDir' | 'log' | 'serving' | 'onMoving' | 'version'> {
  readonly operator: AddressHand;
  /** Who drains the node, and why. */
  readonly drained: () => string;
  readonly now: () => Ms;
}

/** The addresses that this node shares, with all who are told of them and who say what is to become of them. */
export class FloatingServing {
  readonly #now: () => Ms;
  readonly #addresses: FloatingAddresses;
  readonly #orders: AddressOrders;
  readonly #news: AddressNews;
  readonly #webhook: Webhook;
  /** As the webhook is told of it. */
  #node: { readonly node: string; readonly region: string } | undefined;
  #url: string | undefined;
  #port: VrrpPort | undefined;

  constructor({ operator, drained, now, ...options }: FloatingServingOptions) {
    this.#now = now;
    this.#webhook = new Webhook({ log: options.log });
    this.#news = new AddressNews({ operator, post: (body) => this.#post(body) });
    this.#addresses = new FloatingAddresses({
      ...options,
      onNews: (item) => {
        this.#news.take(item);
        const { instance, news } = item;
        if (news.kind === 'role' && news.to === 'active') this.#orders.took(instance, news.reason);
      },
      onPlanned: () => this.#orders.look(),
      onAgent: (says) => this.#news.agent(says, now()),
    });
    this.#orders = new AddressOrders({ operator, addresses: this.#addresses, drained });
  }

  /** `undefined`: this node shares none. */
  get port(): VrrpPort | undefined {
    const { process } = this.#addresses;
    this.#port = process && (this.#port ?? this.#newPort());
    return this.#port;
  }

  /** Throws a `RefusedError` when the plan cannot be made, or this system cannot do what it needs. */
  async prepare(settings: Settings, ports: readonly number[]): Promise<PendingFloating> {
    const { vrrp, node } = settings;
    const { commit, abandon } = await this.#addresses.prepare(settings, ports);
    return {
      commit: async () => {
        this.#node = { node: node.name, region: node.region };
        if (vrrp !== 'off') this.#url = vrrp.webhook;
        await commit();
        this.#news.keep(this.#addresses.names);
      },
      abandon,
    };
  }

  /** An operator wants the node's traffic to go elsewhere, or no more. */
  drain(on: boolean): void {
    this.#orders.drain(on);
  }

  families(): readonly MetricFamily[] {
    const { process } = this.#addresses;
    return process === undefined ? [] : vrrpFamilies(this.#facts(process));
  }

  /** Says goodbye, and resolves when others have the addresses, or nobody wants them; hooks may keep that for so long. */
  stop(patience: Ms): Promise<void> {
    return this.#addresses.stop(patience);
  }

  /** When all hooks have ended. The webhook is told what waits, within so long. */
  async close(within: Ms): Promise<void> {
    await this.#addresses.close(0);
    await this.#webhook.close(within);
  }

  #newPort(): VrrpPort {
    return {
      agent: () => {
        const { isReady = false, answers = true, deaths = 0, realTime } = this.#addresses.process ?? {};
        return { ready: isReady, answers, deaths, realTime };
      },
      instances: () => this.#addresses.instances,
      command: (command, instance, reason, actor) => this.#orders.order({ command, instance, reason, actor }),
    };
  }

  #facts({ isReady, deaths, realTime }: VrrpProcess): VrrpFacts {
    return {
      agent: { ready: isReady, deaths, isRealTime: realTime === undefined },
      instances: this.#addresses.instances.map((each) => ({ ...each, alarms: this.#news.alarms(each.name) })),
      dropReasons: DROP_REASONS,
      webhookFailures: this.#webhook.failures,
      now: this.#now(),
    };
  }

  #post(body: object): void {
    if (this.#url !== undefined) this.#webhook.post(this.#url, { ...this.#node, ...body });
  }
}
