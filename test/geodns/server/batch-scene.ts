import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { HostPort } from '../../../src/base/address.ts';
import { BatchEngine } from '../../../src/geodns/server/batch-engine.ts';
import { BatchLoop } from '../../../src/geodns/server/batch-loop.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { ReplaceableResponder } from '../../../src/geodns/server/replaceable-responder.ts';
import type { Responder } from '../../../src/geodns/server/responder.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { ScriptedResponder } from './scripted-responder.ts';

export const isLinux = process.platform === 'linux';
export const haveIPv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
);

export interface BatchScene {
  readonly engine: BatchEngine;
  readonly counts: DnsCounts;
  readonly log: Journal<EventRecord>;
  /** The first address, with its port. */
  readonly at: HostPort;
}

/** There may be one in a thread. */
let loop: Promise<BatchLoop> | undefined;

export function batchLoop(): Promise<BatchLoop> {
  loop ??= BatchLoop.open();
  return loop;
}

/** Engines of this thread, on addresses with any port. */
export async function startBatchEngine(
  hosts: readonly string[] = ['127.0.0.1'],
  responder: Responder = new ScriptedResponder(),
): Promise<BatchScene> {
  const scene = await makeBatchEngine(
    hosts.map((host) => ({ host, port: 0 })),
    responder,
  );
  await scene.engine.listen();
  return { ...scene, at: scene.engine.addresses[0] as HostPort };
}

export async function makeBatchEngine(
  listen: readonly HostPort[],
  responder: Responder = new ScriptedResponder(),
): Promise<Omit<BatchScene, 'at'>> {
  const events = new Journal<EventRecord>('event');
  const log = eventLevels((event) => events.add(event));
  const counts = new DnsCounts();
  const guarded = new ReplaceableResponder(responder, counts, log);
  const engine = new BatchEngine({ listen, responder: guarded, counts, log }, await batchLoop());
  atTeardown(() => engine.close());
  return { engine, counts, log: events };
}

export interface Traffic {
  readonly sent: number;
  readonly received: number;
  /** All that were to be sent have been answered. */
  readonly ended: Promise<void>;
}

/**
 * A client that sends so many queries at once, and another one for each reply: always as many are under way. Resolves when
 * it has had the first reply.
 */
export async function keepBusy(
  { host, port }: HostPort,
  { atOnce = 256, most = Number.POSITIVE_INFINITY } = {},
): Promise<Traffic> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  atTeardown(() => socket.close());
  const connected = once(socket, 'connect');
  socket.connect(port, host);
  await connected;
  const begun = once(socket, 'message');
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const traffic = { sent: 0, received: 0, ended };
  const query = Buffer.from('a query as long as most are, with a name and options');
  const send = () => {
    traffic.sent += 1;
    socket.send(query);
  };
  socket.on('error', () => {}); // Nobody listens there any more.
  socket.on('message', () => {
    traffic.received += 1;
    if (traffic.received === most) resolve();
    if (traffic.sent < most) send();
  });
  while (traffic.sent < Math.min(atOnce, most)) send();
  await begun;
  return traffic;
}

/** Opens it alone. */
export async function isFree({ host, port }: HostPort): Promise<void> {
  const socket = createSocket('udp4');
  atTeardown(() => socket.close());
  socket.bind(port, host);
  await once(socket, 'listening');
}
