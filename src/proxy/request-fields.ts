import { randomBytes } from 'node:crypto';
import { type Client, forwardedValue, xForwardedForValue } from './client.ts';
import type { RequestHead } from './exchange.ts';

/** What a request is given on its way to the origin, beside the fields that came with it. */

/** Whether the request has been here before (RFC 8586 §2). */
export function isLoop(cdnLoop: string | undefined, name: string): boolean {
  if (cdnLoop === undefined) return false;
  const own = name.toLowerCase();
  return cdnLoop.split(',').some((member) => member.split(';', 1)[0]?.trim().toLowerCase() === own);
}

/** What the origin is told of the client and of the way here, beside the fields that came. */
export function requestFields(
  head: RequestHead,
  client: Client,
  id: string,
  node: { readonly name: string; readonly via: boolean },
): string[] {
  const { known } = head;
  const fields = head.fields.slice();
  fields.push(
    'x-forwarded-for',
    xForwardedForValue(client),
    'x-forwarded-proto',
    client.proto,
    'x-forwarded-host',
    client.host,
    'forwarded',
    forwardedValue(client, head),
    'x-request-id',
    id,
    'cdn-loop',
    known.cdnLoop === undefined ? node.name : `${known.cdnLoop}, ${node.name}`,
  );
  if (node.via) {
    const own = `${head.version} ${node.name}`;
    fields.push('via', known.via === undefined ? own : `${known.via}, ${own}`);
  } else if (known.via !== undefined) {
    fields.push('via', known.via);
  }
  return fields;
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
