import type { HostPort } from '../../../src/base/address.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { ReplaceableResponder } from '../../../src/geodns/server/replaceable-responder.ts';
import { TCP_LIMITS, type TcpLimits } from '../../../src/geodns/server/tcp-limits.ts';
import { TcpServer } from '../../../src/geodns/server/tcp-server.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';
import { ScriptedResponder } from './scripted-responder.ts';

export interface TcpScene {
  readonly server: TcpServer;
  readonly at: HostPort;
  readonly counts: DnsCounts;
  readonly responder: ScriptedResponder;
  readonly log: Journal<EventRecord>;
}

/** A server on a port of its own, with a scripted responder. */
export async function serveTcp(limits: Partial<TcpLimits> = {}, host = '127.0.0.1'): Promise<TcpScene> {
  const events = new Journal<EventRecord>('event');
  const log = eventLevels((event) => events.add(event));
  const counts = new DnsCounts();
  const responder = new ScriptedResponder();
  const server = new TcpServer({
    responder: new ReplaceableResponder(responder, counts, log),
    limits: { ...TCP_LIMITS, ...limits },
    counts,
    log,
  });
  atTeardown(() => server.close());
  return { server, at: await server.listen({ host, port: 0 }), counts, responder, log: events };
}

/** Resolves when it holds: looked at again each turn of the event loop. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  let isOver = false;
  const look = async () => {
    while (!holds() && !isOver) await new Promise((resolve) => setImmediate(resolve));
  };
  await within(look(), what).finally(() => {
    isOver = true;
  });
}
