import { describe, expect, test } from 'vitest';
import { PROXY_ERRORS, ProxyError } from '../../src/proxy/error.ts';
import { originError } from '../../src/proxy/origin-error.ts';

function coded(code: unknown, message = 'it failed'): Error {
  return Object.assign(new Error(message), { code });
}

describe('trouble at an origin is named in one vocabulary (RFC 9209 §2.3)', () => {
  test.each([
    { code: 'ENOTFOUND', name: 'dns_error' },
    { code: 'EAI_AGAIN', name: 'dns_error' },
    { code: 'ECONNREFUSED', name: 'connection_refused' },
    { code: 'EHOSTUNREACH', name: 'destination_ip_unroutable' },
    { code: 'ENETUNREACH', name: 'destination_ip_unroutable' },
    { code: 'EADDRNOTAVAIL', name: 'destination_ip_unroutable' },
    { code: 'CERT_HAS_EXPIRED', name: 'tls_certificate_error' },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', name: 'tls_certificate_error' },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN', name: 'tls_certificate_error' },
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', name: 'tls_certificate_error' },
    { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', name: 'tls_certificate_error' },
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', name: 'tls_certificate_error' },
    { code: 'HOSTNAME_MISMATCH', name: 'tls_certificate_error' },
    { code: 'ERR_SSL_WRONG_VERSION_NUMBER', name: 'tls_protocol_error' },
    { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', name: 'tls_protocol_error' },
    { code: 'EPROTO', name: 'tls_protocol_error' },
    { code: 'EMFILE', name: 'proxy_internal_error' },
    { code: 'EPIPE', name: 'connection_terminated' },
    { code: 'SOMETHING_NEW', name: 'connection_terminated' },
    { code: '', name: 'connection_terminated' },
    { code: 20, name: 'connection_terminated' },
    { code: undefined, name: 'connection_terminated' },
  ])('$code is $name, before the request was sent or after', ({ code, name }) => {
    expect(originError(coded(code), true).code).toBe(name);
    expect(originError(coded(code), false).code).toBe(name);
  });

  test.each([
    { code: 'ECONNRESET', before: 'connection_refused', after: 'connection_terminated' },
    { code: 'ETIMEDOUT', before: 'connection_timeout', after: 'http_response_timeout' },
  ])('$code is $before before the request was sent, $after after', ({ code, before, after }) => {
    expect(originError(coded(code), false).code).toBe(before);
    expect(originError(coded(code), true).code).toBe(after);
  });

  test('what never left us may be tried again, whatever it was', () => {
    for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED']) {
      expect(originError(coded(code), false).retry).toBe('always');
    }
  });

  test('what the origin may have acted on may be tried again only if that does no harm', () => {
    for (const code of ['ECONNRESET', 'ETIMEDOUT']) {
      expect(originError(coded(code), true).retry).toBe('idempotent');
    }
  });
});

describe('the error itself', () => {
  test('is kept when it has a name already, as the client’s own faults have', () => {
    const error = new ProxyError('body_too_large');
    expect(originError(error, true)).toBe(error);
  });

  test('keeps its cause and its words, for the log', () => {
    const cause = coded('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.1:80');
    expect(originError(cause, false)).toMatchObject({ message: cause.message, cause });
  });

  test('of several addresses is the first one’s', () => {
    const each = [coded('ECONNREFUSED', 'first'), coded('ENETUNREACH', 'second')];
    expect(originError(new AggregateError(each), false)).toMatchObject({
      code: 'connection_refused',
      message: 'first',
    });
    expect(originError(Object.assign(new AggregateError(each, 'all'), { code: 'ETIMEDOUT' }), false)).toMatchObject({
      code: 'connection_timeout',
      message: 'all',
    });
    expect(originError(new AggregateError([]), false)).toMatchObject({
      code: 'connection_terminated',
      message: 'AggregateError',
    });
  });

  test.each(['a string', undefined, null, 7, {}])('may be anything: %j', (thrown) => {
    expect(originError(thrown, true)).toMatchObject({ code: 'connection_terminated', cause: thrown });
  });
});

describe('the table of errors', () => {
  test.each(Object.entries(PROXY_ERRORS))('blames nobody with the wrong status: %s', (_, { status, blame }) => {
    if (blame === 'client') expect(status === 501 || status === 505 || (status >= 400 && status < 500)).toBe(true);
    else expect(status).toBeGreaterThanOrEqual(500);
  });

  test('lets nothing be tried again that the client did wrong, or that we did', () => {
    const others = Object.values(PROXY_ERRORS).filter(({ blame }) => blame !== 'origin');
    expect(new Set(others.map(({ retry }) => retry))).toEqual(new Set(['never']));
  });
});
