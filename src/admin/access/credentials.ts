/** What `Authorization` says (RFC 9110 §11.6.2): Basic (RFC 7617) or Bearer (RFC 6750). */
export type Credentials =
  | { readonly kind: 'none' }
  /** Another scheme, or no such form. */
  | { readonly kind: 'malformed' }
  /** `name` is `undefined` with Bearer: the token is the secret of whoever has it. */
  | { readonly kind: 'given'; readonly name: string | undefined; readonly secret: string };

/** Longer ones would only cost time. */
const LONGEST = 1024;

export function parseAuthorization(field: string | undefined): Credentials {
  if (field === undefined) return { kind: 'none' };
  const match = /^(basic|bearer) +([A-Za-z0-9._~+/-]+=*) *$/i.exec(field);
  if (match === null || field.length > LONGEST) return { kind: 'malformed' };
  const [, scheme = '', token = ''] = match;
  if (scheme.toLowerCase() === 'bearer') return { kind: 'given', name: undefined, secret: token };
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return { kind: 'malformed' };
  return { kind: 'given', name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
