import type { Language } from '../../cache/model.ts';
import type { ScriptedCall } from './scripted-origin.ts';

/** What an origin that is played has, and what it has said. Every byte that it sends tells where it is from. */

export interface Version {
  readonly path: string;
  /** Of all paths, each has another. */
  readonly version: number;
  readonly status: 200 | 404;
  readonly policy: number | 'no-store' | 'no-cache';
  readonly tag: string;
}

/** A head that the origin has sent. Its number comes back to the client in X-Fetch. */
export interface Said extends Version {
  /** X-Request: whose request it was. */
  readonly by: string | undefined;
  readonly language: Language | undefined;
  /** Steps of the play: when the request came, and when it was answered. */
  readonly asked: number;
  readonly answered: number;
  /** The clock when the request came: from then on it ages (RFC 9111 §4.2.3). */
  readonly since: number;
  readonly kind: 'whole' | 'part' | 'not-modified' | 'unsatisfiable';
  /** It broke off. */
  failed: boolean;
}

export function variesAt(path: string): boolean {
  return path.endsWith('v');
}

export function hasValidatorAt(path: string): boolean {
  return !path.includes('plain');
}

/** Content-Length is not sent with a body. */
export function isChunkedAt(path: string): boolean {
  return path.includes('chunked');
}

export function etagOf({ path, version }: Version, language: Language | undefined): string {
  return variesAt(path) ? `"${version}-${language ?? 'any'}"` : `"${version}"`;
}

/** Some are larger than what a thread keeps of its own, and than what is sent by copying. */
export function bodyOf({ path, version }: Version, language: Language | undefined): Buffer {
  const length = version % 5 === 0 ? 13_000 + version * 331 : 1 + ((version * 97) % 1500);
  const body = Buffer.alloc(4 * Math.ceil(length / 4));
  const from = (version << 20) ^ (path.length << 16) ^ (variesAt(path) ? (language ?? 'any').charCodeAt(0) << 24 : 0);
  for (let at = 0; at < body.length; at += 4) body.writeInt32LE(from ^ at, at);
  return body.subarray(0, length);
}

/** `undefined`: the whole. `none`: nothing of it is there. */
export type Cut = readonly [first: number, last: number] | 'none' | undefined;

/** One range of a body, as the play asks for it. */
export function cutOf(range: string | undefined, length: number): Cut {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return [Math.max(0, length - Number(last)), length - 1];
  if (Number(first) >= length) return 'none';
  return [Number(first), last === '' ? length - 1 : Math.min(length - 1, Number(last))];
}

/** A request at the origin, answered piece by piece as the play goes on. */
export class PlayedCall {
  readonly call: ScriptedCall;
  readonly asked: number;
  readonly since: number;
  said: Said | undefined;
  #body: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(call: ScriptedCall, asked: number, since: number) {
    this.call = call;
    this.asked = asked;
    this.since = since;
    call.sent();
  }

  get path(): string {
    return this.call.request.target;
  }

  /** Sends the head of what is there now. `number` is that of the head. */
  head(version: Version, number: number, answered: number, now: number): Said {
    const { call, path, asked, since } = this;
    const language = call.field('accept-language') as Language | undefined;
    const whole = bodyOf(version, language);
    const etag = etagOf(version, language);
    const fields: Record<string, string> = {
      date: new Date(now).toUTCString(),
      'cache-control': typeof version.policy === 'number' ? `max-age=${version.policy}` : version.policy,
      'surrogate-key': version.tag,
      'x-fetch': String(number),
    };
    if (hasValidatorAt(path)) fields.etag = etag;
    if (variesAt(path)) fields.vary = 'Accept-Language';
    const kind = this.#kindOf(version, etag, whole.length);
    const by = call.field('x-request');
    const said: Said = { ...version, by, language, asked, answered, since, kind, failed: false };
    const cut = cutOf(call.field('range'), whole.length);
    if (kind === 'whole') this.#body = whole;
    else if (kind === 'part' && Array.isArray(cut)) {
      this.#body = whole.subarray(cut[0], cut[1] + 1);
      fields['content-range'] = `bytes ${cut[0]}-${cut[1]}/${whole.length}`;
    } else if (kind === 'unsatisfiable') fields['content-range'] = `bytes */${whole.length}`;
    const isHead = call.request.method === 'HEAD';
    // Without it, a HEAD's answer could not be told from that of another version where there is no ETag.
    if (kind !== 'not-modified' && (isHead || !isChunkedAt(path))) fields['content-length'] = String(this.#body.length);
    if (isHead) this.#body = Buffer.alloc(0);
    this.said = said;
    const status = { whole: version.status, part: 206, 'not-modified': 304, unsatisfiable: 416 }[kind];
    call.head(status, fields);
    return said;
  }

  /** The next piece of the body, or its end. */
  goOn(length: number): void {
    const { call } = this;
    if (call.isHeld) return;
    if (this.#at === this.#body.length) {
      call.end();
      return;
    }
    const piece = this.#body.subarray(this.#at, this.#at + length);
    this.#at += piece.length;
    call.body(piece);
  }

  fail(): void {
    if (this.said !== undefined) this.said.failed = true;
    this.call.fail();
  }

  #kindOf({ status }: Version, etag: string, length: number): Said['kind'] {
    const { call, path } = this;
    if (status !== 200 || !hasValidatorAt(path)) return 'whole';
    if (call.field('if-none-match')?.split(', ').includes(etag)) return 'not-modified';
    const ifRange = call.field('if-range');
    if (call.request.method !== 'GET' || (ifRange !== undefined && ifRange !== etag)) return 'whole';
    const cut = cutOf(call.field('range'), length);
    if (cut === undefined) return 'whole';
    return cut === 'none' ? 'unsatisfiable' : 'part';
  }
}
