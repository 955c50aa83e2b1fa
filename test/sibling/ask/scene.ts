import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { SiblingClient } from '../../../src/sibling/ask/sibling-client.ts';
import { PeerTable } from '../../../src/sibling/peer-table.ts';
import type { PeerPlan, SiblingPlan } from '../../../src/sibling/plan.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';
import type { ScriptedPeer } from './scripted-peer.ts';

export const URL = 'http://www.site.test/a?b=1';

export interface Setting {
  readonly timeout?: number;
  readonly icp?: string;
  readonly peers: readonly (Pick<ScriptedPeer, 'address'> & { readonly url?: string })[];
}

export function planOf({ timeout = 2_000, icp = '127.0.0.30', peers }: Setting): SiblingPlan {
  return {
    icp: { host: icp, port: 3130 },
    htcp: undefined,
    allow: [],
    clearFrom: [],
    timeout,
    secret: undefined,
    warmUp: undefined,
    peers: peers.map(
      ({ address, url = 'http://127.0.0.31' }, slot): PeerPlan => ({
        name: `peer-${slot}`,
        slot,
        icp: address,
        htcp: undefined,
        url,
      }),
    ),
  };
}

/** One or more workers' clients with the same table, on a clock of our own. */
export class Scene {
  readonly events: EventRecord[] = [];
  readonly table: PeerTable;
  readonly client: SiblingClient;
  /** The clock of table and clients; timers run by the real one. */
  now = 1_000_000;
  readonly #memory = PeerTable.allocate(THREADS);
  #clients = 0;

  constructor(setting: Setting) {
    this.table = new PeerTable(this.#memory, THREADS, THREADS - 1, () => this.now);
    this.client = this.worker(setting);
  }

  worker(setting: Setting): SiblingClient {
    const clock = () => this.now;
    const table = new PeerTable(this.#memory, THREADS, this.#clients++, clock);
    const log = eventLevels((event) => this.events.push(event));
    const client = new SiblingClient(planOf(setting), { table, log, now: clock });
    atTeardown(() => client.close());
    return client;
  }

  get messages(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** Who has it; `nobody to ask` when that was said at once. */
  async ask(url = URL, fields: readonly string[] = [], client = this.client): Promise<Told> {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const asking = client.ask({ url, fields }, resolve);
    if (asking === undefined) return 'nobody to ask';
    return within(promise, 'the siblings');
  }
}

export type Told = number | undefined | 'nobody to ask';

const THREADS = 4;

/** An address and a port where nobody is. */
export async function nobodyAt(host: string): Promise<{ host: string; port: number }> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(closed));
  return { host, port };
}
