import type { EventLog } from '../../observe/event-forward.ts';
import { BatchEngine } from './batch-engine.ts';
import { BatchLoop } from './batch-loop.ts';
import { DgramEngine } from './dgram-engine.ts';
import type { UdpEngine, UdpEngineOptions } from './udp-engine.ts';

/** `auto`: `batch` where it can be had, which is on Linux; a `plain` one is not worth a warning anywhere else. */
export type WantedEngine = 'auto' | 'batch' | 'plain';

export interface ChosenEngine {
  readonly kind: 'batch' | 'plain';
  /** Why it is not what was wanted. */
  readonly reason: string | undefined;
  /** Of this thread. */
  make(options: UdpEngineOptions): UdpEngine;
}

export interface EngineWish {
  readonly wanted: WantedEngine;
  readonly log: EventLog;
  /** See `BatchLoop.open`. */
  readonly leftOpen?: SharedArrayBuffer | undefined;
  /** Default: `BatchLoop.open`. */
  readonly openLoop?: typeof BatchLoop.open;
}

/** For all engines of a thread, once. Never rejects: what cannot be had is logged, and the other one is chosen. */
export async function chooseEngine({ wanted, log, leftOpen, ...rest }: EngineWish): Promise<ChosenEngine> {
  const plain = (reason?: string): ChosenEngine => ({
    kind: 'plain',
    reason,
    make: (options) => new DgramEngine(options),
  });
  if (wanted === 'plain' || (wanted === 'auto' && process.platform !== 'linux')) return plain();
  try {
    const { openLoop = BatchLoop.open } = rest;
    const loop = await openLoop(leftOpen);
    return { kind: 'batch', reason: undefined, make: (options) => new BatchEngine(options, loop) };
  } catch (error) {
    log.warn('dns takes UDP packets one by one: the engine for many at once cannot be had here', { error });
    return plain((error as Error).message);
  }
}
