import { randomBytes } from 'node:crypto';
import { type Client, forwardedValue, xForwardedForValue } from './client.ts';
import type { Endpoints, RequestHead } from './exchange.ts';

/** What a request is given on its way to the origin, beside the fields that came with it. */

/** Whether the request has been here before (RFC 8586 §2). */
export function isLoop(cdnLoop: string | undefined, name: string): boolean {
  if (cdnLoop === undefined) return false;
  const own = name.toLowerCase();
  return cdnLoop.split(',').some((member) => member.split(';', 1)[0]?.trim().toLowerCase() === own);
}

interface Written {
  readonly authority: string;
  readonly version: string;
  readonly lines: string;
}

/**
 * What an origin is told of the client and of the way here, beside the fields that came: lines, each with its CRLF. Most
 * connections bring request after request of one client for one host, so what was last written for one is kept.
 */
export class Forwarding {
  readonly #node: ForwardingNode;
  readonly #last = new WeakMap<Endpoints, Written>();

  constructor(node: ForwardingNode) {
    this.#node = node;
  }

  lines(head: RequestHead, client: Client, endpoints: Endpoints): string {
    const { authority, version, known } = head;
    // A proxy brings one client after another, and lines of its own.
    if (client.peerTrusted || known.cdnLoop !== undefined || known.via !== undefined) {
      return forwardingLines(head, client, this.#node);
    }
    const last = this.#last.get(endpoints);
    if (last !== undefined && last.authority === authority && last.version === version) return last.lines;
    const lines = forwardingLines(head, client, this.#node);
    this.#last.set(endpoints, { authority, version, lines });
    return lines;
  }
}

interface ForwardingNode {
  readonly name: string;
  readonly via: boolean;
}

function forwardingLines(head: RequestHead, client: Client, { name, via }: ForwardingNode): string {
  const { known, version } = head;
  const lines = [
    `x-forwarded-for: ${xForwardedForValue(client)}`,
    `x-forwarded-proto: ${client.proto}`,
    `x-forwarded-host: ${client.host}`,
    `forwarded: ${forwardedValue(client, head)}`,
    `cdn-loop: ${after(known.cdnLoop, name)}`,
  ];
  if (via) lines.push(`via: ${after(known.via, `${version} ${name}`)}`);
  else if (known.via !== undefined) lines.push(`via: ${known.via}`);
  return `${lines.join('\r\n')}\r\n`;
}

function after(list: string | undefined, own: string): string {
  return list === undefined ? own : `${list}, ${own}`;
}

const idPrefix = `${BigInt(`0x${randomBytes(6).toString('hex')}`).toString(36)}-`;
let idCount = 0;

export function nextId(): string {
  idCount += 1;
  return idPrefix + idCount.toString(36);
}

/** The id that a trusted proxy gave, if it is fit for logs and headers, else a new one. */
export function requestId(client: Client, head: RequestHead): string {
  const given = head.known.requestId;
  return given !== undefined && client.peerTrusted && /^[A-Za-z0-9._:+/=@-]{1,128}$/.test(given) ? given : nextId();
}
