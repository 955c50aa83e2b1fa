/**
 * What can go wrong with an exchange. Names and statuses are those of RFC 9209 §2.3 where it has one. `blame` says whose
 * fault it was, `retry` whether another origin may be tried: `always` when no byte of the request left us, `idempotent`
 * when the origin may have acted on it, `never` when trying again cannot help.
 */
export const PROXY_ERRORS = {
  // The origin's side (RFC 9209 §2.3.1 to §2.3.19).
  dns_error: { status: 502, blame: 'origin', retry: 'always' },
  destination_not_found: { status: 500, blame: 'us', retry: 'never' },
  destination_unavailable: { status: 503, blame: 'origin', retry: 'never' },
  connection_refused: { status: 502, blame: 'origin', retry: 'always' },
  connection_timeout: { status: 504, blame: 'origin', retry: 'always' },
  connection_terminated: { status: 502, blame: 'origin', retry: 'idempotent' },
  destination_ip_unroutable: { status: 502, blame: 'origin', retry: 'always' },
  tls_certificate_error: { status: 502, blame: 'origin', retry: 'always' },
  tls_protocol_error: { status: 502, blame: 'origin', retry: 'always' },
  http_response_timeout: { status: 504, blame: 'origin', retry: 'idempotent' },
  http_response_incomplete: { status: 502, blame: 'origin', retry: 'idempotent' },
  http_response_header_section_size: { status: 502, blame: 'origin', retry: 'never' },
  http_protocol_error: { status: 502, blame: 'origin', retry: 'idempotent' },
  http_upgrade_failed: { status: 502, blame: 'origin', retry: 'never' },
  proxy_loop_detected: { status: 508, blame: 'us', retry: 'never' },
  proxy_internal_error: { status: 500, blame: 'us', retry: 'never' },
  // No origin had a place for the request: ours, as RFC 9209 has no name for it.
  queue_full: { status: 503, blame: 'origin', retry: 'never' },
  queue_timeout: { status: 503, blame: 'origin', retry: 'never' },
  // An operator wants it so.
  in_maintenance: { status: 503, blame: 'us', retry: 'never' },
  // The client's side (RFC 9209 §2.3.20 to §2.3.31: http_request_error and its kin, told by status).
  bad_request: { status: 400, blame: 'client', retry: 'never' },
  not_cached: { status: 504, blame: 'us', retry: 'never' },
  access_denied: { status: 403, blame: 'client', retry: 'never' },
  not_found: { status: 404, blame: 'client', retry: 'never' },
  method_not_allowed: { status: 405, blame: 'client', retry: 'never' },
  request_timeout: { status: 408, blame: 'client', retry: 'never' },
  body_too_large: { status: 413, blame: 'client', retry: 'never' },
  uri_too_long: { status: 414, blame: 'client', retry: 'never' },
  expectation_failed: { status: 417, blame: 'client', retry: 'never' },
  misdirected_request: { status: 421, blame: 'client', retry: 'never' },
  head_too_large: { status: 431, blame: 'client', retry: 'never' },
  transfer_coding_unknown: { status: 501, blame: 'client', retry: 'never' },
  version_not_supported: { status: 505, blame: 'client', retry: 'never' },
  client_disconnected: { status: 499, blame: 'client', retry: 'never' },
} as const satisfies Record<string, { status: number; blame: Blame; retry: Retry }>;

export type Blame = 'client' | 'origin' | 'us';
export type Retry = 'always' | 'idempotent' | 'never';
export type ProxyErrorCode = keyof typeof PROXY_ERRORS;

/** An exchange's failure; match on `code`. `message` is for the log alone and never shown to a client. */
export class ProxyError extends Error {
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProxyError';
    this.code = code;
  }

  get status(): number {
    return PROXY_ERRORS[this.code].status;
  }

  get blame(): Blame {
    return PROXY_ERRORS[this.code].blame;
  }

  get retry(): Retry {
    return PROXY_ERRORS[this.code].retry;
  }
}
