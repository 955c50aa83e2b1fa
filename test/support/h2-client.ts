import type { Socket } from 'node:net';
import type { Ms } from '../../src/base/units.ts';
import {
  dataFrame,
  ERROR_CODES,
  FLAG,
  type Frame,
  frame,
  headersFrame,
  PREFACE,
  readFrames,
  SETTING,
  settingsFrame,
  TYPE,
  windowUpdateFrame,
} from './h2-frames.ts';
import { decodeFields } from './hpack.ts';
import { type FieldLines, valuesOf } from './http1-parser.ts';
import { type ConnectOptions, openSocket } from './raw-client.ts';
import { atTeardown } from './teardown.ts';
import { PATIENCE, within } from './wait.ts';

/** What became of a stream. */
export interface H2Outcome {
  /** Absent when no head of a final response came. */
  readonly status?: number;
  readonly fields: FieldLines;
  readonly body: string;
  readonly trailers: FieldLines;
  /** The 1xx that came before it. */
  readonly interim: readonly { readonly status: number; readonly fields: FieldLines }[];
  /** `closed`: the connection ended first. */
  readonly end: 'clean' | 'reset' | 'closed';
  /** The error code of its RST_STREAM, or of the GOAWAY before the close. */
  readonly code?: string;
}

export interface H2Options extends ConnectOptions {
  /** What the client announces, by number. */
  readonly settings?: Readonly<Record<number, number>>;
  /** What it sends in place of the preface. */
  readonly preface?: string;
}

/** An HTTP/2 client over TLS that sends whatever frames it is told to. */
export async function connectH2(port: number, options: H2Options = {}): Promise<H2Client> {
  const socket = await openSocket(port, { ...options, tls: { ALPNProtocols: ['h2'], ...options.tls } });
  const client = new H2Client(socket, options);
  atTeardown(() => client.close());
  // Its SETTINGS are acknowledged as they come, and that must not happen amid frames that belong together.
  if (options.preface === undefined) await client.frameWhere(({ type }) => type === TYPE.SETTINGS, 'its SETTINGS');
  return client;
}

export class H2Client {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  /** The error code of the GOAWAY that came, if any. */
  goaway: string | undefined;
  readonly #streams = new Map<number, Arriving>();
  readonly #gone = Promise.withResolvers<void>();
  #unread: Buffer = Buffer.alloc(0);
  #nextStream = 1;

  constructor(socket: Socket, { settings = {}, preface }: H2Options) {
    this.socket = socket;
    this.closed = this.#gone.promise;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#lost());
    const announced = {
      [SETTING.HEADER_TABLE_SIZE]: 0,
      [SETTING.ENABLE_PUSH]: 0,
      [SETTING.INITIAL_WINDOW_SIZE]: 2 ** 31 - 1,
    };
    const window = windowUpdateFrame(0, 2 ** 31 - 1 - 65_535);
    socket.write(
      Buffer.concat([
        preface === undefined ? PREFACE : Buffer.from(preface),
        settingsFrame({ ...announced, ...settings }),
        window,
      ]),
    );
  }

  /** The number of a stream that was not used before. */
  newStream(): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#streams.set(stream, newArriving());
    return stream;
  }

  /** Sends bytes as they stand; waits for room, not for an answer. */
  async send(...frames: readonly Buffer[]): Promise<void> {
    if (!this.socket.writable) return;
    await Promise.race([
      new Promise<void>((resolve) => this.socket.write(Buffer.concat(frames), () => resolve())),
      this.closed,
    ]);
  }

  /** A request by its fields, pseudo-header fields among them; its DATA is `body`, in one frame. */
  async request(fields: FieldLines, body?: string, limit?: Ms): Promise<H2Outcome> {
    const stream = this.newStream();
    const frames = [headersFrame(stream, fields, { endStream: body === undefined })];
    if (body !== undefined) frames.push(dataFrame(stream, body));
    await this.send(...frames);
    return this.outcome(stream, limit);
  }

  /** Resolves when the stream has ended, in whatever way. */
  outcome(stream: number, limit: Ms = PATIENCE): Promise<H2Outcome> {
    const arriving = this.#streams.get(stream);
    if (arriving === undefined) throw new Error(`stream ${stream} was not opened by newStream()`);
    return within(arriving.done.promise, () => `the end of stream ${stream}; so far came ${this.#tell()}`, limit);
  }

  /** Resolves when a frame that fits has come. */
  async frameWhere(fits: (frame: Frame) => boolean, what: string): Promise<Frame> {
    const found = this.frames.find(fits);
    if (found !== undefined) return found;
    const { promise, resolve } = Promise.withResolvers<Frame>();
    this.#lookouts.add((each) => fits(each) && resolve(each));
    return within(promise, () => `${what}; so far came ${this.#tell()}`);
  }

  close(): void {
    this.socket.destroy();
  }

  readonly #lookouts = new Set<(frame: Frame) => unknown>();

  #take(bytes: Buffer): void {
    const { frames, rest } = readFrames(Buffer.concat([this.#unread, bytes]));
    this.#unread = rest;
    for (const each of frames) {
      this.frames.push(each);
      this.#act(each);
      for (const look of this.#lookouts) look(each);
    }
  }

  #act({ type, flags, stream, payload }: Frame): void {
    const arriving = this.#streams.get(stream);
    switch (type) {
      case TYPE.SETTINGS:
        if (!(flags & FLAG.ACK)) this.socket.write(frame(TYPE.SETTINGS, FLAG.ACK, 0));
        return;
      case TYPE.PING:
        if (!(flags & FLAG.ACK)) this.socket.write(frame(TYPE.PING, FLAG.ACK, 0, payload));
        return;
      case TYPE.GOAWAY:
        this.goaway = ERROR_CODES[payload.readUInt32BE(4)] ?? 'unknown';
        return;
      case TYPE.HEADERS:
      case TYPE.CONTINUATION:
        if (arriving) takeBlock(arriving, flags, payload);
        break;
      case TYPE.DATA:
        arriving?.body.push(payload);
        break;
      case TYPE.RST_STREAM:
        arriving?.done.resolve({
          ...outcome(arriving),
          end: 'reset',
          code: ERROR_CODES[payload.readUInt32BE(0)] ?? '?',
        });
        return;
    }
    if (arriving?.ending || (type === TYPE.DATA && flags & FLAG.END_STREAM)) {
      if (arriving?.block.length === 0) arriving.done.resolve({ ...outcome(arriving), end: 'clean' });
    }
  }

  #lost(): void {
    const code = this.goaway === undefined ? {} : { code: this.goaway };
    for (const each of this.#streams.values()) each.done.resolve({ ...outcome(each), ...code, end: 'closed' });
    this.#gone.resolve();
  }

  #tell(): string {
    const names = Object.keys(TYPE);
    return this.frames.map(({ type, stream }) => `${names[type]}(${stream})`).join(' ') || 'nothing';
  }
}

interface Arriving {
  readonly done: PromiseWithResolvers<H2Outcome>;
  status: number | undefined;
  fields: FieldLines;
  trailers: FieldLines;
  readonly interim: { status: number; fields: FieldLines }[];
  readonly body: Buffer[];
  /** Pieces of a field block whose end has not come. */
  block: Buffer[];
  ending: boolean;
}

function newArriving(): Arriving {
  const done = Promise.withResolvers<H2Outcome>();
  return { done, status: undefined, fields: [], trailers: [], interim: [], body: [], block: [], ending: false };
}

function takeBlock(arriving: Arriving, flags: number, payload: Buffer): void {
  arriving.block.push(payload);
  // Only HEADERS carries END_STREAM; the bit means nothing on CONTINUATION, and servers leave it unset there.
  if (flags & FLAG.END_STREAM) arriving.ending = true;
  if (!(flags & FLAG.END_HEADERS)) return;
  const fields = decodeFields(Buffer.concat(arriving.block));
  arriving.block = [];
  const status = Number(valuesOf(fields, ':status')[0]);
  if (arriving.status !== undefined) arriving.trailers = fields;
  else if (status < 200) arriving.interim.push({ status, fields });
  else Object.assign(arriving, { status, fields });
}

function outcome({ status, fields, trailers, interim, body }: Arriving): Omit<H2Outcome, 'end'> {
  const text = Buffer.concat(body).toString('latin1');
  return { ...(status !== undefined && { status }), fields, trailers, interim, body: text };
}
