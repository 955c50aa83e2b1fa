import { expect, test } from 'vitest';
import { CacheReport } from '../../../src/proxy/caching/cache-report.ts';

test.each<[string, (report: CacheReport) => void, word: string, status: string]>([
  ['a hit', (report) => report.hit(30_000, undefined), 'hit', 'us; hit; ttl=30'],
  [
    'a miss that is stored',
    (report) => {
      report.forwarded('uri-miss', undefined);
      report.stored = true;
      report.ttl = 5000;
    },
    'uri-miss',
    'us; fwd=uri-miss; ttl=5; stored',
  ],
  [
    'a miss that is not stored, and why',
    (report) => {
      report.forwarded('uri-miss', undefined);
      report.notStored('no-store');
    },
    'uri-miss',
    'us; fwd=uri-miss; detail=no-store',
  ],
  [
    'what was forwarded, with the reason for that before the other',
    (report) => {
      report.forwarded('stale', 'purged');
      report.notStored('private');
    },
    'stale',
    'us; fwd=stale; detail=purged',
  ],
  [
    'what waited for the fetch of another',
    (report) => {
      report.forwarded('uri-miss', undefined);
      report.collapsed = true;
      report.hit(1000, undefined);
    },
    'uri-miss',
    'us; fwd=uri-miss; ttl=1; collapsed',
  ],
  [
    'what waited in vain',
    (report) => {
      report.forwarded('uri-miss', undefined);
      report.collapsed = false;
    },
    'uri-miss',
    'us; fwd=uri-miss; collapsed=?0',
  ],
  [
    'what is stale, for want of better',
    (report) => {
      report.forwarded('stale', 'stale');
      report.hit(-2000, 'stale-unreachable');
    },
    'hit',
    'us; hit; ttl=-2; detail=stale-unreachable',
  ],
  [
    'a hit that was lost before it could be sent',
    (report) => {
      report.hit(30_000, undefined);
      report.forwarded('uri-miss', 'evicted');
    },
    'uri-miss',
    'us; fwd=uri-miss; detail=evicted',
  ],
  [
    'a reply of our own',
    (report) => {
      report.detail = 'uri-miss';
    },
    'none',
    'us; detail=uri-miss',
  ],
])('tells of %s', (_, happen, word, status) => {
  const report = new CacheReport();
  happen(report);
  expect([report.word, report.status('us')]).toEqual([word, status]);
});
