import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { QuerySource } from '../../../src/geodns/answer/source.ts';
import { chooseEngine } from '../../../src/geodns/server/choose-engine.ts';
import type { DnsThreadStart } from '../../../src/geodns/server/messages.ts';
import type { Responder } from '../../../src/geodns/server/responder.ts';
import { runDnsThread } from '../../../src/geodns/server/thread.ts';
import { ScriptedResponder } from './scripted-responder.ts';

/** What a DNS thread of the tests is given to answer from. */
export interface ScriptedAnswers {
  /** What the query `name` is answered by. */
  readonly name: string;
  /** How making a responder of this goes wrong. */
  readonly fault?: 'refused' | 'death';
  /** What the query `health` tells the first word of. */
  readonly health?: SharedArrayBuffer;
}

/** As the scripted responder; beyond that `health` tells of that memory, and `die` ends the thread. An update is another name. */
class ThreadResponder implements Responder {
  #scripted: ScriptedResponder;
  readonly #health: Int32Array;

  constructor({ name, health = new SharedArrayBuffer(4) }: ScriptedAnswers) {
    this.#scripted = new ScriptedResponder(name);
    this.#health = new Int32Array(health);
  }

  update(name: unknown): void {
    if (typeof name !== 'string') throw new TypeError('expected a name');
    this.#scripted = new ScriptedResponder(name);
  }

  respond(query: Buffer, length: number, source: QuerySource, reply: Buffer): number {
    const word = query.toString('latin1', 0, length).trimEnd();
    if (word === 'health') return reply.write(`health is ${Atomics.load(this.#health, 0)}`, 'latin1');
    if (word === 'die') process.exit(7);
    return this.#scripted.respond(query, length, source, reply);
  }

  transfer(query: Buffer, length: number): Iterable<Buffer> | undefined {
    return this.#scripted.transfer(query, length);
  }
}

runDnsThread(parentPort as MessagePort, workerData as DnsThreadStart, {
  async responderOf(answers) {
    const scripted = answers as ScriptedAnswers;
    if (scripted.fault === 'refused') throw new Error('zone example.com: line 7: no such type');
    if (scripted.fault === 'death') process.exit(8);
    await new Promise(setImmediate);
    return new ThreadResponder(scripted);
  },
  // There is no other engine here.
  engineOf: ({ wanted, log }) =>
    chooseEngine({ wanted, log, openLoop: () => Promise.reject(new Error('node:ffi is not allowed')) }),
});
