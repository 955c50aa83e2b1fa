import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';
import type { Standing } from '../../src/proxy/pool/standing.ts';
import type { Outcomes } from '../../src/workers/origin-table.ts';
import { Journal } from './journal.ts';
import { MAIN, type Portico } from './portico.ts';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

/** What makes Node listen for a debugger on a free port, which it tells on standard error. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

const ORIGIN_TABLE = join(dirname(MAIN), 'workers/origin-table.ts');
const SUPERVISOR = join(dirname(MAIN), 'workers/supervisor.ts');
const DATABASE_WATCH = join(dirname(MAIN), 'geodns/plan/database-watch.ts');

/** A worker as the debugger sees it. */
export interface InspectedWorker {
  readonly session: string;
  /** As given at its birth: `worker 0`. */
  readonly name: string;
}

interface Message {
  readonly id?: number;
  readonly result?: object;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: object;
}

/**
 * Reaches into the threads of a Portico that was started with `INSPECTABLE`, by the Chrome DevTools Protocol: so that
 * a worker can die under a test, and there is no way to make one die in the product.
 */
export class WorkerInspector {
  readonly #socket: WebSocket;
  readonly #messages = new Journal<Message>('answer of the debugger');
  readonly #workers = new Journal<InspectedWorker>('worker');
  /** Lists of instances, by their class: to find them is to search the whole heap, and the node has one of each. */
  readonly #instances = new Map<string, Promise<string>>();
  #lastId = 0;

  static async attach(portico: Portico): Promise<WorkerInspector> {
    const url = /Debugger listening on (ws:\S+)/.exec(portico.events.tail(1000))?.[1];
    if (url === undefined) throw new Error('no debugger was announced: start Portico with INSPECTABLE');
    const socket = new WebSocket(url);
    atTeardown(() => socket.terminate());
    await within(once(socket, 'open'), 'the debugger');
    const inspector = new WorkerInspector(socket);
    await inspector.#call('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return inspector;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (text) => this.#heard(JSON.parse(String(text))));
    socket.on('error', () => {});
    socket.on('close', () => this.#messages.end(new Error('the debugger has gone')));
  }

  /** Every worker there has been since we attached, in order. */
  get workers(): readonly InspectedWorker[] {
    return this.#workers.all;
  }

  /** The worker of this name; `successor`: how many before it have died since we attached. */
  worker(name: string, successor = 0): Promise<InspectedWorker> {
    const isIt = (worker: InspectedWorker) => worker === this.workers.filter((each) => each.name === name)[successor];
    return this.#workers.waitFor(isIt, { wanted: `called ${name}`, limit: 9000 });
  }

  /** Before a stop: a process that is being debugged does not exit. */
  detach(): void {
    this.#socket.terminate();
  }

  /** Has the worker throw where nothing catches. */
  async throwIn(worker: InspectedWorker): Promise<void> {
    const expression = 'setTimeout(() => { throw new Error("killed by the test"); }); 0';
    await this.#tell(worker, 1, 'Runtime.evaluate', { expression });
  }

  /**
   * Has the worker evaluate this each time it comes to the line that follows the first with `text`, in a module of the
   * product: to end it where it would seldom be found, such as with a lock in its hand.
   */
  async evaluateAt(worker: InspectedWorker, module: string, text: string, expression: string): Promise<void> {
    const file = join(dirname(MAIN), module);
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((each) => each.includes(text));
    if (line === -1) throw new Error(`no ${JSON.stringify(text)} in ${module}`);
    const breakpoint = { url: pathToFileURL(file).href, lineNumber: line + 1, condition: `(${expression}, false)` };
    await this.#tell(worker, 1, 'Debugger.enable', {});
    await this.#tell(worker, 2, 'Debugger.setBreakpointByUrl', breakpoint);
  }

  /** The control plane's own count of requests in flight, over all origins and workers. */
  inFlight(): Promise<number> {
    const body = 'let sum = 0; for (let slot = 0; slot < 16; slot++) sum += instances[0].inFlight(slot); return sum;';
    return this.#inMain<number>(ORIGIN_TABLE, 'OriginTable', body);
  }

  /** Sets how the origin in a row of the table stands: rows are given in the order of the file. */
  async setStanding(slot: number, standing: Partial<Standing>): Promise<void> {
    const whole = {
      admits: 'all',
      health: 'up',
      role: 'primary',
      set: 0,
      weight: 100,
      ignoreErrors: false,
      ...standing,
    };
    await this.#inMain(ORIGIN_TABLE, 'OriginTable', `instances[0].setStanding(${slot}, ${JSON.stringify(whole)});`);
  }

  /** Cuts what is in flight at the origin in a row of the table. */
  async cut(slot: number): Promise<void> {
    await this.#inMain(SUPERVISOR, 'Supervisor', `instances[0].cut(${slot});`);
  }

  /** Requests that wait at the pool of this row. */
  queued(pool: number): Promise<number> {
    return this.#inMain(ORIGIN_TABLE, 'OriginTable', `return instances[0].queues.length(${pool});`);
  }

  /** What is counted of the origin in a row of the table. */
  counts(slot: number): Promise<Outcomes & { readonly inFlight: number; readonly latency: number | undefined }> {
    const body = `const [table] = instances; const slot = ${slot};
      return { ...table.outcomes(slot), inFlight: table.inFlight(slot), latency: table.latency(slot) };`;
    return this.#inMain(ORIGIN_TABLE, 'OriginTable', body);
  }

  /** The node looks at the files of its geo databases so often, in place of once in a while. */
  async lookAtDatabases(times: number): Promise<void> {
    const body = `return (async () => { for (let i = 0; i < ${times}; i++) await instances[0].look(); })();`;
    await this.#inMain(DATABASE_WATCH, 'DatabaseWatch', body);
  }

  /** Evaluates a function body in the main thread, which finds there all `instances` of a module's class. */
  async #inMain<T>(module: string, className: string, body: string): Promise<T> {
    let instances = this.#instances.get(className);
    if (instances === undefined) {
      instances = this.#instancesOf(module, className);
      this.#instances.set(className, instances);
    }
    const functionDeclaration = `function () { const instances = this; ${body} }`;
    const call = { objectId: await instances, functionDeclaration, returnByValue: true, awaitPromise: true };
    return (await this.#remote('Runtime.callFunctionOn', call)).value as T;
  }

  async #instancesOf(module: string, className: string): Promise<string> {
    const prototype = `process.getBuiltinModule('module').createRequire('/')(${JSON.stringify(module)}).${className}.prototype`;
    const { objectId: prototypeObjectId } = await this.#remote('Runtime.evaluate', { expression: prototype });
    const { objects } = (await this.#call('Runtime.queryObjects', { prototypeObjectId })) as {
      objects: { objectId: string };
    };
    return objects.objectId;
  }

  /** Without waiting for its answer: the worker may be gone before that. */
  async #tell(worker: InspectedWorker, id: number, method: string, params: object): Promise<void> {
    const message = JSON.stringify({ id, method, params });
    await this.#call('NodeWorker.sendMessageToWorker', { sessionId: worker.session, message });
  }

  async #remote(method: string, params: object): Promise<{ readonly objectId?: string; readonly value?: unknown }> {
    const answer = (await this.#call(method, params)) as { result: object; exceptionDetails?: { text: string } };
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result;
  }

  async #call(method: string, params: object): Promise<object> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await this.#messages.waitFor((message) => message.id === id, {
      wanted: `to ${method}`,
      limit: 9000,
    });
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as object;
  }

  #heard(message: Message): void {
    if (message.method === 'NodeWorker.attachedToWorker') {
      const { sessionId, workerInfo } = message.params as { sessionId: string; workerInfo: { title: string } };
      // `[worker 2] worker 1`: the thread, and the name.
      this.#workers.add({ session: sessionId, name: workerInfo.title.replace(/^\[.*?\] /, '') });
    } else if (message.id !== undefined) {
      this.#messages.add(message);
    }
  }
}
