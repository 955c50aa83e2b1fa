import type { HostPort } from '../../base/address.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { ChosenEngine } from './choose-engine.ts';
import type { DnsCounts } from './counts.ts';
import { DgramEngine } from './dgram-engine.ts';
import type { EngineInUse } from './messages.ts';
import type { Responder } from './responder.ts';
import type { TcpServer } from './tcp-server.ts';
import type { UdpEngine, UdpEngineOptions } from './udp-engine.ts';

export interface EndpointParts {
  readonly responder: Responder;
  readonly counts: DnsCounts;
  readonly log: EventLog;
  readonly tcp: TcpServer;
}

/** One address that is listened on, by UDP and by TCP. */
export class Endpoint {
  readonly address: HostPort;
  readonly #parts: EndpointParts;
  readonly #chosen: ChosenEngine;
  #engine: UdpEngine | undefined;
  #inUse: EngineInUse;

  constructor(address: HostPort, chosen: ChosenEngine, parts: EndpointParts) {
    this.address = address;
    this.#chosen = chosen;
    this.#inUse = { kind: chosen.kind, reason: chosen.reason };
    this.#parts = parts;
  }

  /** As it is once it listens. */
  get engine(): EngineInUse {
    return this.#inUse;
  }

  /** Where it listens by UDP: for a wildcard, what stands for it now. */
  get addresses(): readonly HostPort[] {
    return this.#engine?.addresses ?? [];
  }

  /** Rejects with an `Error` that says which address, and why not; nothing is left open then. */
  async open(): Promise<void> {
    const engine = await this.#openUdp();
    try {
      await this.#parts.tcp.listen(this.address);
    } catch (error) {
      await engine.close();
      throw error;
    }
    this.#engine = engine;
  }

  async close(): Promise<void> {
    this.#parts.tcp.stopListening(this.address);
    await this.#engine?.close();
  }

  async #openUdp(): Promise<UdpEngine> {
    const { responder, counts, log } = this.#parts;
    const options: UdpEngineOptions = { listen: [this.address], responder, counts, log };
    const { kind, make } = this.#chosen;
    if (kind === 'plain') return listening(make(options));
    try {
      return await listening(make(options));
    } catch (error) {
      log.warn('dns takes UDP packets one by one: the engine for many at once could not start', { error });
      this.#inUse = { kind: 'plain', reason: (error as Error).message };
      return listening(new DgramEngine(options));
    }
  }
}

async function listening(engine: UdpEngine): Promise<UdpEngine> {
  await engine.listen();
  return engine;
}
