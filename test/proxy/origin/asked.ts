import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { OriginFields } from '../../../src/proxy/headers.ts';
import type { OriginCall, OriginReplies, OriginRequest } from '../../../src/proxy/origin/call.ts';
import { Connections, type ConnectionTimeouts } from '../../../src/proxy/origin/connections.ts';
import type { OriginTlsPlan } from '../../../src/proxy/plan.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';

export interface ConnectionChanges extends Partial<ConnectionTimeouts> {
  readonly tls?: Partial<OriginTlsPlan>;
}

/** Connections to an origin, cut at the end of the test. */
export function connectionsTo(url: string, { tls, ...timeouts }: ConnectionChanges = {}): Connections {
  const plan = { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined, ...tls };
  const connections = new Connections(new URL(url), plan, {
    connect: 10_000,
    idle: 10_000,
    keepAlive: 10_000,
    ...timeouts,
  });
  atTeardown(() => connections.destroy());
  return connections;
}

/** Asks for `target`, by a GET unless `changes` say more. */
export function ask(
  connections: Connections,
  target: string,
  changes: Partial<OriginRequest> & AskedHooks = {},
): Asked {
  const { onSent, onHead, onBody, onEnd, ...request } = changes;
  const asked = new Asked({ onSent, onHead, onBody, onEnd });
  const call = connections.send(
    { method: 'GET', target, fields: ['host', 'a'], body: undefined, length: undefined, upgrade: false, ...request },
    asked,
  );
  asked.begin(call);
  atTeardown(() => expect(asked.late, `what was told of ${target} after its end`).toEqual([]));
  return asked;
}

/** What the test does within a call of `OriginReplies`. */
interface AskedHooks {
  readonly onSent?: ((asked: Asked) => void) | undefined;
  readonly onHead?: ((asked: Asked) => void) | undefined;
  readonly onBody?: ((asked: Asked, chunk: Buffer) => boolean) | undefined;
  readonly onEnd?: ((asked: Asked) => void) | undefined;
}

/** A request that was sent, and all that its sender was told. */
export class Asked implements OriginReplies {
  call!: OriginCall;
  readonly interims: number[] = [];
  readonly chunks: Buffer[] = [];
  readonly late: string[] = [];
  sentTimes = 0;
  status = 0;
  fields: OriginFields = {};
  trailers: OriginFields | undefined;
  error: Error | undefined;
  socket: Duplex | undefined;
  readonly #hooks: AskedHooks;
  readonly #over = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  #isOver = false;

  constructor(hooks: AskedHooks) {
    this.#hooks = hooks;
  }

  begin(call: OriginCall): void {
    this.call = call;
    if (this.#isOver) call.cancel();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get received(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves with the first of the body, or with the end where there is none. */
  get begun(): Promise<void> {
    return within(this.#begun.promise, 'the beginning of a body');
  }

  get over(): Promise<void> {
    return within(this.#over.promise, 'the end of a call');
  }

  /** What became of it, in short. */
  async outcome(): Promise<object> {
    await this.over;
    if (this.error !== undefined) return { error: (this.error as NodeJS.ErrnoException).code ?? this.error.message };
    return this.socket === undefined ? { status: this.status, body: this.text } : { status: 101 };
  }

  cancel(): void {
    this.#finish();
    this.call?.cancel();
  }

  sent(): void {
    this.#check('sent');
    this.sentTimes += 1;
    this.#hooks.onSent?.(this);
  }

  interim(status: number): void {
    this.#check(`interim ${status}`);
    this.interims.push(status);
  }

  head(status: number, fields: OriginFields): void {
    this.#check(`head ${status}`);
    this.status = status;
    this.fields = fields;
    this.#hooks.onHead?.(this);
  }

  body(chunk: Buffer): boolean {
    this.#check('body');
    this.chunks.push(Buffer.from(chunk));
    this.#begun.resolve();
    return this.#hooks.onBody?.(this, chunk) ?? true;
  }

  end(trailers: OriginFields): void {
    this.#check('end');
    this.trailers = trailers;
    this.#finish();
    this.#hooks.onEnd?.(this);
  }

  switched(fields: OriginFields, socket: Duplex): void {
    this.#check('switched');
    this.fields = fields;
    this.socket = socket;
    socket.on('error', () => {});
    this.#finish();
  }

  failed(error: Error): void {
    this.#check(`failed: ${error.message}`);
    this.error = error;
    this.#finish();
  }

  #check(what: string): void {
    if (this.#isOver) this.late.push(what);
  }

  #finish(): void {
    this.#isOver = true;
    this.#begun.resolve();
    this.#over.resolve();
  }
}
