import { describe, expect, test } from 'vitest';
import { exposition } from '../../src/metrics/prometheus.ts';
import { TrafficCounts } from '../../src/metrics/traffic-counts.ts';
import { trafficFamilies } from '../../src/metrics/traffic-families.ts';
import { TrafficTable } from '../../src/metrics/traffic-table.ts';
import { PROXY_ERRORS } from '../../src/proxy/error.ts';
import type { TrafficCounter } from '../../src/proxy/traffic.ts';
import { Exposition } from '../support/exposition.ts';
import { entryOf } from './entry-of.ts';

const rows = {
  sites: [
    { name: '-', slot: 0 },
    { name: 'www', slot: 1 },
  ],
  listeners: [{ key: '[::]:443', slot: 2, protocol: 'https' as const }],
  pools: [{ name: 'app', slot: 3, origins: [{ name: 'a', slot: 4 }] }],
};

/** All counters and gauges that are not nought after this. */
function counted(count: (counter: TrafficCounter) => void): Record<string, number> {
  const table = new TrafficTable(TrafficTable.allocate(1), 1);
  count(new TrafficCounts(table, 0, PROXY_ERRORS));
  const page = new Exposition(exposition(trafficFamilies(table, rows, PROXY_ERRORS), 'prometheus'));
  const samples = [...page.families.values()]
    .filter(({ type }) => type !== 'histogram')
    .flatMap((family) => family.samples)
    .filter(({ value }) => value !== 0);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [`${name.slice('portico_'.length)}{${Object.values(labels)}}`, value]),
  );
}

const attempt = 'origin_requests_total{app,a,';

describe('what is counted', () => {
  test.each<{ name: string; count: (c: TrafficCounter) => void; is: Record<string, number> }>([
    {
      name: 'a request under way',
      count: (c) => c.entered(1),
      is: { 'requests_in_flight{www}': 1 },
    },
    {
      name: 'a request that is over, with its bytes',
      count: (c) => {
        c.entered(1);
        c.ended(1, entryOf({ status: 304, bytesSent: 7, bytesReceived: 3 }));
      },
      is: {
        'requests_total{www,3xx}': 1,
        'request_body_bytes_total{www}': 3,
        'response_body_bytes_total{www}': 7,
      },
    },
    {
      name: 'a request whose client left before there was a status',
      count: (c) => {
        c.entered(1);
        c.ended(1, entryOf({ status: 0 }));
      },
      is: { 'requests_total{www,other}': 1 },
    },
    {
      name: 'what was no request, for no site',
      count: (c) => c.ended(undefined, entryOf({ status: 400, error: 'bad_request' })),
      is: {
        'requests_total{-,4xx}': 1,
        'failed_requests_total{-,client}': 1,
        'request_errors_total{bad_request,client}': 1,
      },
    },
    {
      name: 'a splash page, and whose fault it was',
      count: (c) => {
        c.entered(1);
        c.ended(1, entryOf({ status: 504, error: 'http_response_timeout', splash: true }));
      },
      is: {
        'requests_total{www,5xx}': 1,
        'failed_requests_total{www,origin}': 1,
        'request_errors_total{http_response_timeout,origin}': 1,
        'splash_pages_total{www}': 1,
      },
    },
    {
      name: 'an open tunnel',
      count: (c) => {
        c.entered(1);
        c.tunnelled(1);
      },
      is: { 'requests_in_flight{www}': 1, 'tunnels_total{www}': 1, 'open_tunnels{www}': 1 },
    },
    {
      name: 'a tunnel that is over',
      count: (c) => {
        c.entered(1);
        c.tunnelled(1);
        c.ended(1, entryOf({ status: 101 }));
      },
      is: { 'requests_total{www,1xx}': 1, 'tunnels_total{www}': 1 },
    },
    { name: 'a response', count: (c) => c.answered(3, 4, 503, 20), is: { [`${attempt}5xx}`]: 1 } },
    {
      name: 'a response that broke off',
      count: (c) => {
        c.answered(3, 4, 200, 20);
        c.brokenOff(4);
      },
      is: { [`${attempt}2xx}`]: 1, 'origin_broken_responses_total{app,a}': 1 },
    },
    { name: 'a refusal', count: (c) => c.unanswered(4, 'unreachable'), is: { [`${attempt}unreachable}`]: 1 } },
    { name: 'silence', count: (c) => c.unanswered(4, 'silent'), is: { [`${attempt}timeout}`]: 1 } },
    { name: 'a reset', count: (c) => c.unanswered(4, 'error'), is: { [`${attempt}error}`]: 1 } },
    { name: 'a client that left', count: (c) => c.unanswered(4, 'cancelled'), is: { [`${attempt}cancelled}`]: 1 } },
    { name: 'bytes from an origin', count: (c) => c.received(4, 5), is: { 'origin_received_bytes_total{app,a}': 5 } },
    { name: 'bytes to an origin', count: (c) => c.sent(4, 5), is: { 'origin_sent_bytes_total{app,a}': 5 } },
    { name: 'a retry', count: (c) => c.retried(3), is: { 'retries_total{app}': 1 } },
    {
      name: 'a connection that has not said anything',
      count: (c) => c.accepted(2),
      is: { 'connections_accepted_total{[::]:443}': 1, 'open_sockets{[::]:443}': 1 },
    },
    {
      name: 'connections by protocol',
      count: (c) => {
        c.opened(2, 'h2');
        c.opened(2, 'h2');
        c.opened(2, 'http/1.1');
        c.closed(2, 'h2');
      },
      is: { 'open_connections{[::]:443,http/1.1}': 1, 'open_connections{[::]:443,h2}': 1 },
    },
    {
      name: 'handshakes by version',
      count: (c) => {
        c.secured(2, 'TLSv1.3');
        c.secured(2, 'TLSv1.2');
        c.notSecured(2);
      },
      is: {
        'tls_handshakes_total{[::]:443,TLSv1.2}': 1,
        'tls_handshakes_total{[::]:443,TLSv1.3}': 1,
        'tls_handshake_failures_total{[::]:443}': 1,
      },
    },
  ])('is $name, and nothing else', ({ count, is }) => {
    expect(counted(count)).toEqual(is);
  });

  test('is each code that an exchange can end with', () => {
    for (const [error, { status, blame }] of Object.entries(PROXY_ERRORS)) {
      const is = counted((c) => c.ended(undefined, entryOf({ status, error })));
      expect(is[`request_errors_total{${error},${blame}}`]).toBe(1);
    }
  });
});
