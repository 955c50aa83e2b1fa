import type { OnReadOpts, Socket } from 'node:net';
import { expect } from 'vitest';
import type { Bytes, Ms } from '../../src/base/units.ts';
import type { AccessLine } from '../support/access-log.ts';
import {
  type FieldLines,
  Http1Parser,
  type MessageHead,
  readStatusLine,
  responseFraming,
  valuesOf,
} from '../support/http1-parser.ts';
import { answer, type OriginRequest, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { PatternReader, patternAt } from '../support/pattern.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { type ConnectOptions, fetchRaw, openSocket, type RawResponse } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { PATIENCE, turn, within } from '../support/wait.ts';
import { type FrontDoor, frontDoor } from './front-door.ts';

/** What stories about the cache have in common: a front door with a cache, and clients that follow a long body. */

export const KIB: Bytes = 1024;
export const MIB: Bytes = 1024 * KIB;

export interface CacheScene extends Partial<FrontDoor> {
  /** `cache:` at the top. */
  readonly cache?: object | 'off';
  readonly workers?: number;
}

/** The configuration of a front door with a cache, in front of this origin. */
export function cachingDoor({ url }: Pick<ScriptedOrigin, 'url'>, scene: CacheScene = {}): object {
  const { cache = {}, workers = 2, ...door } = scene;
  return { ...frontDoor({ origins: [url], node: { workers }, ...door }), cache };
}

/** One origin and Portico with a cache in front of it, for many plays, each under a target of its own. */
export async function openStage(scene: CacheScene = {}): Promise<Stage> {
  const scripts = new Map<string, Script>();
  const origin = await startOrigin((request) => scripts.get(pathOf(request))?.(request) ?? QUIET);
  return new Stage(origin, await startPortico(cachingDoor(origin, scene)), scripts);
}

const QUIET = answer('', { fields: ['Cache-Control: no-store'] });

export class Stage {
  readonly origin: ScriptedOrigin;
  readonly portico: Portico;
  readonly #scripts: Map<string, Script>;
  #rounds = 0;

  constructor(origin: ScriptedOrigin, portico: Portico, scripts: Map<string, Script>) {
    this.origin = origin;
    this.portico = portico;
    this.#scripts = scripts;
  }

  get port(): number {
    return this.portico.port();
  }

  /** Has the origin answer by this script below a target that nobody has asked for yet. */
  play(script: Script, prefix = ''): Play {
    const target = `${prefix}/play-${this.#scripts.size}`;
    this.#scripts.set(target, script);
    return new Play(this, target);
  }

  /**
   * Resolves when the threads have read what was sent to them before: they answer requests on new connections, of which
   * so many are made that hardly a thread gets none.
   */
  async quiet(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      this.#rounds += 1;
      const targets = Array.from({ length: 24 }, (_, i) => `/quiet/${this.#rounds}/${i}`);
      await Promise.all(targets.map((target) => fetchRaw(this.port, target)));
    }
  }
}

/** What happens below one target. */
export class Play {
  readonly target: string;
  readonly #stage: Stage;

  constructor(stage: Stage, target: string) {
    this.#stage = stage;
    this.target = target;
  }

  /** What the origin was asked for, whatever the query. */
  get asked(): readonly OriginRequest[] {
    return this.#stage.origin.requests.filter((request) => pathOf(request) === this.target);
  }

  /** Resolves when the origin was asked so often, with the last one. */
  arrival(count: number): Promise<OriginRequest> {
    const last = () => this.asked[count - 1];
    return this.#stage.origin.arrivals.waitFor((request) => request === last(), { wanted: `that makes ${count}` });
  }

  /** One exchange, all of whose body is kept. */
  fetch(options?: Parameters<typeof fetchRaw>[2], query = ''): Promise<RawResponse> {
    return fetchRaw(this.#stage.port, this.target + query, options);
  }

  /** As many at once. */
  fetchMany(count: number, options?: (i: number) => Parameters<typeof fetchRaw>[2]): Promise<RawResponse[]> {
    return fetchMany(this.#stage.port, this.target, count, options);
  }

  follow(options?: FollowOptions): Promise<Follower> {
    return follow(this.#stage.port, this.target, options);
  }

  followMany(count: number): Promise<Follower[]> {
    return Promise.all(Array.from({ length: count }, () => this.follow()));
  }

  /** The lines of the access log, once there are so many. */
  lines(count: number): Promise<CacheLine[]> {
    return linesFor(this.#stage.portico, this.target, count);
  }
}

function pathOf({ target }: OriginRequest): string {
  return target.split('?')[0] as string;
}

/** A gate in a script: `await gate.open` holds until somebody calls `gate.lift()`. */
export function gate(): { readonly open: Promise<void>; lift(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: promise, lift: resolve };
}

/** The head of a response. `fields` are whole lines. */
export function headOf(...fields: string[]): string {
  return `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;
}

/** Of a body of the known pattern, from `from` to before `to`, in pieces of this size. */
export function* pieces(from: Bytes, to: Bytes, size: Bytes = 64 * KIB): Generator<Buffer> {
  for (let at = from; at < to; at += size) yield patternAt(at, Math.min(size, to - at));
}

/** The same in chunks (RFC 9112 §7.1), without the last one. */
export function* chunks(from: Bytes, to: Bytes, size: Bytes = 64 * KIB): Generator<Buffer> {
  for (const piece of pieces(from, to, size)) {
    yield Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  }
}

export const LAST_CHUNK = '0\r\n\r\n';

export interface FollowOptions extends ConnectOptions {
  readonly method?: string;
  /** More field lines. */
  readonly head?: readonly string[];
}

/** A client that asks for one object of the known pattern and follows it without keeping it. */
export async function follow(port: number, target: string, options: FollowOptions = {}): Promise<Follower> {
  const { method = 'GET', head = [], ...connect } = options;
  const follower = new Follower(method);
  const socket = await openSocket(port, { ...connect, socket: { ...follower.reading, ...connect.socket } });
  follower.attach(socket);
  atTeardown(() => socket.destroy());
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: www.example.com', 'Connection: close', ...head];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return follower;
}

const SHARED = Buffer.alloc(256 * KIB);

/** How an exchange ended for its client. */
export interface Followed {
  readonly status: number;
  readonly fields: FieldLines;
  readonly received: Bytes;
  /** Where the body was not as it should be. */
  readonly wrongAt: number | undefined;
  readonly end: 'clean' | 'broken';
}

export class Follower {
  readonly #body = new PatternReader();
  readonly #first = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<Followed>();
  readonly #parser: Http1Parser;
  #socket: Socket | undefined;
  #status = 0;
  #fields: FieldLines = [];
  /** Nothing comes but the body: no bytes are kept for later. */
  #inBody = false;

  constructor(method: string) {
    this.#parser = new Http1Parser({
      head: (head) => this.#take(head, method),
      data: (bytes) => {
        this.#body.push(bytes);
        this.#first.resolve();
      },
      end: () => this.#end('clean'),
    });
  }

  /** How the socket is to be read: by all into one buffer, so that many GiB can pass. What is kept of it is copied. */
  get reading(): { onread: OnReadOpts } {
    const callback = (length: number, buffer: Uint8Array) => {
      this.#push(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
    return { onread: { buffer: SHARED, callback } };
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('end', () => {
      this.#parser.finish();
      socket.end();
    });
    socket.on('close', () => this.#end('broken'));
  }

  get received(): Bytes {
    return this.#body.received;
  }

  /** Resolves with the first byte of the body. */
  firstByte(limit: Ms = PATIENCE): Promise<void> {
    return within(this.#first.promise, `the first byte of a body; the status is ${this.#status}`, limit);
  }

  /** Resolves when so much of the body has come. */
  async reached(length: Bytes): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE);
    while (this.received < length && !deadline.aborted) await turn();
    expect(this.received).toBeGreaterThanOrEqual(length);
  }

  /** Resolves when the exchange is over. */
  done(limit: Ms = PATIENCE): Promise<Followed> {
    return within(this.#done.promise, () => `the end of a body, of which ${this.received} bytes came`, limit);
  }

  /** Reads no more for a while. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Leaves without a word. */
  reset(): void {
    this.#socket?.resetAndDestroy();
  }

  #push(bytes: Buffer): void {
    try {
      // Between the parts of a head or a chunk's size the parser keeps what is incomplete.
      this.#parser.push(this.#inBody ? bytes : Buffer.from(bytes));
    } catch {
      this.#end('broken');
    }
  }

  #take(head: MessageHead, method: string) {
    this.#status = readStatusLine(head.startLine).status;
    this.#fields = head.fields;
    const framing = responseFraming(head, method);
    this.#inBody = framing.kind === 'length';
    return framing;
  }

  #end(end: 'clean' | 'broken'): void {
    const { received, wrongAt } = this.#body;
    this.#done.resolve({ status: this.#status, fields: this.#fields, received, wrongAt, end });
  }
}

/** That a client got all of such a body. */
export function whole(length: Bytes): object {
  return { status: 200, received: length, wrongAt: undefined, end: 'clean' };
}

/** What this cache says of a reply (RFC 9211): without its name, and without how long it is fresh. */
export function statusOf(message: { readonly fields: FieldLines }): string {
  const [value = ''] = valuesOf(message.fields, 'cache-status');
  expect(value).toMatch(/^edge-1; /);
  return value.replace('edge-1; ', '').replace(/; ttl=-?\d+/, '');
}

export interface CacheLine extends AccessLine {
  readonly cache?: string;
  readonly cache_detail?: string;
  readonly collapsed?: true;
  readonly sibling?: string;
  readonly from_sibling?: true;
}

/** The lines of the access log for a target, once there are so many. */
export async function linesFor({ accessLog }: Portico, target: string, count: number): Promise<CacheLine[]> {
  const told = () => accessLog.all.filter((line) => line.target === target) as CacheLine[];
  const deadline = AbortSignal.timeout(PATIENCE);
  while (told().length < count && !deadline.aborted) await turn();
  expect(told()).toHaveLength(count);
  return told();
}

/** As `fetchRaw`, for many at once. */
export function fetchMany(
  port: number,
  target: string,
  count: number,
  options: (i: number) => Parameters<typeof fetchRaw>[2] = () => ({}),
): Promise<RawResponse[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => fetchRaw(port, target, options(i))));
}
