import type { ForwardFailure } from '../../cache/semantics/reuse.ts';
import type { ProxyErrorCode } from '../error.ts';

/** What an error means for stored responses that might be served in its place (RFC 9111 §4.2.4, RFC 5861 §4). */
export function failureOf(error: ProxyErrorCode): ForwardFailure {
  switch (error) {
    case 'dns_error':
    case 'destination_unavailable':
    case 'connection_refused':
    case 'connection_timeout':
    case 'connection_terminated':
    case 'destination_ip_unroutable':
    case 'tls_certificate_error':
    case 'tls_protocol_error':
      return 'unreachable';
    case 'http_response_timeout':
      return 'silent';
    default:
      return 'error';
  }
}
