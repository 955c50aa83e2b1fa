import { BatchEngine } from '../../../src/geodns/server/batch-engine.ts';
import { BatchLoop } from '../../../src/geodns/server/batch-loop.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { ScriptedResponder } from './scripted-responder.ts';

/** A process of its own that answers by UDP, for its memory to be looked at. Tells its parent where, and when asked, what it has counted. */
export type FromBatchProcess =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'counts'; readonly udp: Readonly<Record<string, number>> };

const say = (message: FromBatchProcess) => process.send?.(message);
const counts = new DnsCounts();
const echo = new ScriptedResponder();
const engine = new BatchEngine(
  {
    listen: [{ host: '0.0.0.0', port: 0 }],
    responder: {
      respond(query, length, source, reply) {
        // By its letters alone the scripted one would make a string of each.
        if (query[0] === 0x73) return echo.respond(query, length, source, reply);
        for (let i = 0; i < length; i++) reply[i] = query[i] as number;
        return length;
      },
      transfer: () => undefined,
    },
    counts,
    log: eventLevels(() => {}),
  },
  await BatchLoop.open(),
);
await engine.listen();
process.on('message', () => say({ type: 'counts', udp: counts.of('udp') }));
say({ type: 'listening', port: engine.addresses[0]?.port ?? 0 });
