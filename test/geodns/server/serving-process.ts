import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { TCP_LIMITS, type TcpLimits } from '../../../src/geodns/server/tcp-limits.ts';
import { TcpServer } from '../../../src/geodns/server/tcp-server.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { ScriptedResponder } from './scripted-responder.ts';

/**
 * A process of its own that answers by TCP, for its memory and its file descriptors to be looked at. Tells its parent
 * where it listens, and what it has counted when it is asked anything.
 */
export type FromServing =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'counts'; readonly tcp: Readonly<Record<string, number>> };

const say = (message: FromServing) => process.send?.(message);
const limits: Partial<TcpLimits> = JSON.parse(process.argv[2] ?? '{}');
const counts = new DnsCounts();
const server = new TcpServer({
  responder: new ScriptedResponder(),
  limits: { ...TCP_LIMITS, ...limits },
  counts,
  log: eventLevels(() => {}),
});
process.on('message', () => say({ type: 'counts', tcp: counts.of('tcp') }));
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
say({ type: 'listening', port });
