import { cookieValue } from '../../cookies.ts';
import type { Balanced } from './policy.ts';

/** What `consistent-hash` goes by: `hash_on` of the settings. */
export type HashOn =
  | { readonly kind: 'path' | 'client' }
  | { readonly kind: 'header' | 'cookie' /** Of a header in lower case. */; readonly name: string };

/** Of `path`, `client`, `header:NAME` or `cookie:NAME`. */
export function parseHashOn(text: string): HashOn {
  const [kind, name = ''] = text.split(':', 2) as [HashOn['kind'], string?];
  switch (kind) {
    case 'path':
    case 'client':
      return { kind };
    case 'header':
      return { kind, name: name.toLowerCase() };
    case 'cookie':
      return { kind, name };
  }
}

/** The text that decides; where the header or the cookie is not there, the client's address. */
export function hashKey(hashOn: HashOn, { head, client }: Balanced): string {
  switch (hashOn.kind) {
    case 'path': {
      const query = head.target.indexOf('?');
      return query === -1 ? head.target : head.target.slice(0, query);
    }
    case 'client':
      return client.address;
    case 'header':
      return headerValue(head.fields, hashOn.name) ?? client.address;
    case 'cookie':
      return cookieValue(head.known.cookie, hashOn.name) ?? client.address;
  }
}

function headerValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const each = fields[i] as string;
    if (each.length === name.length && each.toLowerCase() === name) return fields[i + 1];
  }
  return undefined;
}
