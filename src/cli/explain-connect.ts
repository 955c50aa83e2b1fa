import { getSystemErrorMessage } from 'node:util';
import type { NodeAddress } from './find-node.ts';
import { visible } from './screen.ts';

/** An error of sockets or TLS: with a code, and with `errors` when each address of a name failed. */
export type ConnectError = Error & Partial<NodeJS.ErrnoException>;

/** Chains that end where nobody is trusted: OpenSSL's names. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Why no reply came, on one line, with what to do about it. `silent`: within our patience. */
export function explainConnectError(node: NodeAddress, error: ConnectError | 'silent'): string {
  if (error === 'silent') return `no answer from ${node.url}: it takes too long`;
  const { code = '' } = error;
  if (code === 'ECONNREFUSED') return `no node answers at ${node.url}: connection refused; is it running?`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no node answers at ${node.url}: no such host is known`;
  if (UNTRUSTED.has(code)) {
    return `${node.url} shows a certificate that is not trusted; --ca FILE trusts it, --insecure takes any`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `the certificate of ${node.url} ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'}; --insecure takes any`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of ${node.url} is for another name: ${reasonOf(error)}; --insecure takes any`;
  }
  if (/wrong version number|packet length too long/i.test(error.message)) {
    return `${node.url} speaks no TLS; is it http:?`;
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) {
    const other = node.url.startsWith('http:') ? '; is it https:?' : '';
    return `${node.url} ended the connection without an answer${other}`;
  }
  return `no node answers at ${node.url}: ${reasonOf(error)}`;
}

function reasonOf({ errno, message, cause, ...rest }: ConnectError): string {
  const { reason } = rest as { reason?: unknown };
  if (typeof reason === 'string') return visible(reason);
  return errno === undefined ? visible(message) : getSystemErrorMessage(errno);
}
