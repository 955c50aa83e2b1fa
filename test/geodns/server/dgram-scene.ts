import type { HostPort } from '../../../src/base/address.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { DgramEngine, type DgramEngineOptions } from '../../../src/geodns/server/dgram-engine.ts';
import { ReplaceableResponder } from '../../../src/geodns/server/replaceable-responder.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { ScriptedResponder } from './scripted-responder.ts';

export interface DgramScene {
  readonly engine: DgramEngine;
  readonly counts: DnsCounts;
  readonly log: Journal<EventRecord>;
  /** The first address, with its port. */
  readonly at: HostPort;
}

/** An engine on these addresses, with any port. */
export async function startDgramEngine(
  hosts: readonly string[] = ['127.0.0.1'],
  options: Partial<DgramEngineOptions> = {},
): Promise<DgramScene> {
  const scene = makeDgramEngine(
    hosts.map((host) => ({ host, port: 0 })),
    options,
  );
  await scene.engine.listen();
  return { ...scene, at: scene.engine.addresses[0] as HostPort };
}

export function makeDgramEngine(
  listen: readonly HostPort[],
  options: Partial<DgramEngineOptions> = {},
): Omit<DgramScene, 'at'> {
  const events = new Journal<EventRecord>('event');
  const log = eventLevels((event) => events.add(event));
  const counts = new DnsCounts();
  const guarded = new ReplaceableResponder(new ScriptedResponder(), counts, log);
  const engine = new DgramEngine({ listen, responder: guarded, counts, log, ...options });
  atTeardown(() => engine.close());
  return { engine, counts, log: events };
}
