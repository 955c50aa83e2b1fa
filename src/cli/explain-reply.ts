import type { NodeAddress } from './find-node.ts';
import type { Reply } from './reply.ts';
import { visible } from './screen.ts';

/** `application/problem+json` (RFC 9457), as far as it is told. */
interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
}

/** Why a reply is no good, on one line, with what to do about it. */
export function explainReply(node: NodeAddress, { status, body, retryAfter }: Reply): string {
  const { type, said } = problemOf(body);
  if (status === 401) return notKnown(node);
  if (said === undefined) return `${node.url} answered ${status}, but not as the admin API of a node does; is it one?`;
  if (status === 429) return `too many failed logins at ${node.url}: wait ${visible(retryAfter ?? 'some')} s`;
  if (status === 403) return `${node.credentials?.user ?? 'nobody'} may not do that: ${said}`;
  if (status === 409 && /last-(active|datacenter)/.test(type)) return `${said}; --force does it all the same`;
  return said;
}

function notKnown({ url, credentials }: NodeAddress): string {
  if (credentials === undefined)
    return `${url} wants to know who asks: --user NAME, and the password in PORTICO_PASSWORD`;
  return `${url} does not know user ${credentials.user} by this password; --user NAME and PORTICO_PASSWORD name another`;
}

function problemOf(body: unknown): { readonly type: string; readonly said: string | undefined } {
  const { type, title, detail } = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const said = [detail, title].find((text) => typeof text === 'string' && text !== '');
  return { type: typeof type === 'string' ? type : '', said: said === undefined ? undefined : visible(said) };
}
