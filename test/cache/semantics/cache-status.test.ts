import { describe, expect, test } from 'vitest';
import {
  appendStatus,
  cacheStatusName,
  type ForwardStatus,
  forwardStatus,
  hitStatus,
  localStatus,
} from '../../../src/cache/semantics/cache-status.ts';

describe('Cache-Status (RFC 9211)', () => {
  test.each([
    { name: 'us-1', written: 'us-1' },
    { name: 'edge 1', written: '"edge 1"' },
  ])('names the cache $name', ({ name, written }) => {
    expect(cacheStatusName(name)).toBe(written);
  });

  test.each([
    { ttl: 59_999, status: 'Portico; hit; ttl=59' },
    { ttl: 0, status: 'Portico; hit; ttl=0' },
    { ttl: -412_000, status: 'Portico; hit; ttl=-412' },
    { ttl: -1, status: 'Portico; hit; ttl=-1' },
  ])('tells a hit with $ttl ms to live', ({ ttl, status }) => {
    expect(hitStatus('Portico', ttl)).toBe(status);
  });

  test('tells why a stale response was a hit', () => {
    expect(hitStatus('Portico', -5000, 'max-stale')).toBe('Portico; hit; ttl=-5; detail=max-stale');
  });

  test.each<{ report: ForwardStatus; status: string }>([
    { report: { forward: 'uri-miss' }, status: 'Portico; fwd=uri-miss' },
    { report: { forward: 'uri-miss', stored: true, ttl: 60_000 }, status: 'Portico; fwd=uri-miss; ttl=60; stored' },
    { report: { forward: 'vary-miss', stored: false, collapsed: true }, status: 'Portico; fwd=vary-miss; collapsed' },
    { report: { forward: 'uri-miss', collapsed: false }, status: 'Portico; fwd=uri-miss; collapsed=?0' },
    { report: { forward: 'stale', status: 304 }, status: 'Portico; fwd=stale; fwd-status=304' },
    { report: { forward: 'bypass', detail: 'cache-off' }, status: 'Portico; fwd=bypass; detail=cache-off' },
    { report: { forward: 'miss', detail: 'two "words"' }, status: 'Portico; fwd=miss; detail="two \\"words\\""' },
    { report: { forward: 'miss', key: 'https://a/é?b' }, status: 'Portico; fwd=miss; key="https://a/??b"' },
  ])('tells of a request that was forwarded: $status', ({ report, status }) => {
    expect(forwardStatus('Portico', report)).toBe(status);
  });

  test('tells of a reply of our own', () => {
    expect(localStatus('Portico', 'only-if-cached')).toBe('Portico; detail=only-if-cached');
  });

  test('comes after what caches nearer to the origin said', () => {
    expect(appendStatus(undefined, 'Portico; hit')).toBe('Portico; hit');
    expect(appendStatus('', 'Portico; hit')).toBe('Portico; hit');
    expect(appendStatus('Origin; hit', 'Portico; fwd=miss')).toBe('Origin; hit, Portico; fwd=miss');
  });
});
