import { formatHostPort, parseListenAddress } from '../base/address.ts';
import type { Settings } from '../config/settings.ts';
import { listenerKeys } from '../proxy/planner.ts';
import { type Reservation, reserve } from '../workers/reserve.ts';
import { RefusedError } from './refused-error.ts';

export interface RunningListener {
  /** ADDRESS:PORT as it is, also where the file says port 0. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
}

/** Where the workers listen, from one generation to the next. */
export class Listening {
  readonly #file: string;
  #ports = new Map<string, number>();
  #listeners: readonly RunningListener[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  get listeners(): readonly RunningListener[] {
    return this.#listeners;
  }

  hasPort(port: number): boolean {
    return [...this.#ports.values()].includes(port);
  }

  /** Finds out whether all of them can be had. Throws a `RefusedError`. */
  async reserve({ listeners }: Settings): Promise<Reservation> {
    const keys = listenerKeys(listeners);
    const result = await reserve(
      listeners.map(({ address }, index) => ({ address, known: this.#ports.get(keys[index] as string) })),
    );
    if (result.ok) return result.reservation;
    throw new RefusedError(
      result.problems.map(({ index, reason }) => `${this.#file} listeners[${index}].address: ${reason}`),
    );
  }

  /** The workers listen there now. */
  take({ listeners }: Settings, { ports }: Reservation): void {
    this.#ports = new Map(listenerKeys(listeners).map((key, index) => [key, ports[index] as number]));
    this.#listeners = listeners.map(({ address, protocol }, index) => ({
      address: formatHostPort(parseListenAddress(address)?.host as string, ports[index] as number),
      protocol,
    }));
  }
}
