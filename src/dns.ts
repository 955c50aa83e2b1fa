import { parentPort, workerData } from 'node:worker_threads';
import { BatchLoop } from './geodns/server/batch-loop.ts';
import { chooseEngine } from './geodns/server/choose-engine.ts';
import type { DnsThreadStart } from './geodns/server/messages.ts';
import { runDnsThread } from './geodns/server/thread.ts';
import { type DnsAnswers, ServingResponder } from './geodns/serving.ts';

/** The DNS thread of `portico run`. */

/** There may be one in a thread, whatever is configured meanwhile. */
let loop: Promise<BatchLoop> | undefined;

function openLoop(leftOpen?: SharedArrayBuffer): Promise<BatchLoop> {
  loop ??= BatchLoop.open(leftOpen);
  return loop;
}

if (parentPort === null) throw new Error('dns.ts runs as a thread of portico run');
runDnsThread(parentPort, workerData as DnsThreadStart, {
  responderOf: (answers, log) => new ServingResponder(answers as DnsAnswers, log),
  engineOf: (wish) => chooseEngine({ ...wish, openLoop }),
});
