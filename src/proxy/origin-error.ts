import { ProxyError, type ProxyErrorCode } from './error.ts';

/**
 * Names what went wrong at an origin. Node and OpenSSL have codes of their own; from here on there is one
 * vocabulary.
 */
export function originError(error: unknown, sent: boolean): ProxyError {
  if (error instanceof ProxyError) return error;
  const { code, message } = errorOf(error);
  return new ProxyError(classify(code, sent), message, { cause: error });
}

const BY_CODE: Readonly<Record<string, ProxyErrorCode>> = {
  ENOTFOUND: 'dns_error',
  EAI_AGAIN: 'dns_error',
  EAI_FAIL: 'dns_error',
  EAI_NODATA: 'dns_error',
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'destination_ip_unroutable',
  ENETUNREACH: 'destination_ip_unroutable',
  EADDRNOTAVAIL: 'destination_ip_unroutable',
  EPERM: 'destination_ip_unroutable',
  EACCES: 'destination_ip_unroutable',
  EINVAL: 'destination_ip_unroutable',
  EMFILE: 'proxy_internal_error',
  ENFILE: 'proxy_internal_error',
  EPROTO: 'tls_protocol_error',
};

/** Verification failures as Node and OpenSSL call them. */
const CERTIFICATE =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|CRL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;

function classify(code: string, sent: boolean): ProxyErrorCode {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code)) return 'tls_certificate_error';
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'tls_protocol_error';
  if (code === 'ETIMEDOUT') return sent ? 'http_response_timeout' : 'connection_timeout';
  if (!sent && code === 'ECONNRESET') return 'connection_refused';
  return 'connection_terminated';
}

function errorOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  // Happy eyeballs: one error for each address that was tried.
  const first = error instanceof AggregateError ? error.errors.find((each) => each instanceof Error) : undefined;
  const code = (error as NodeJS.ErrnoException).code ?? (first as NodeJS.ErrnoException | undefined)?.code ?? '';
  // DOMException has numbers for codes.
  return { code: String(code), message: error.message || (first as Error | undefined)?.message || error.name };
}
