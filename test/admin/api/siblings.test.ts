import { describe, expect, test } from 'vitest';
import { AdminScene } from '../../support/admin-scene.ts';
import { linkedAt, NEVER_ASKED, progress, reportOf, sibling } from '../../support/sibling-report.ts';

/** GET /siblings, and what /status has of them. */

const NOW = 1_700_000_000_000;
const us2 = sibling('us-2', {
  account: { isPortico: true },
  link: { ...linkedAt(NOW), ours: progress(12, 10) },
});
const squid = sibling('squid', {
  plan: { icp: { host: '::1', port: 3130 }, htcp: { host: '::1', port: 4827 }, url: 'http://[::1]:3128' },
  account: { ...NEVER_ASKED, standing: 'dead' },
});
const lone = sibling('lone', { link: 'none' });

describe('GET /siblings', () => {
  test('has all that is known of each', async () => {
    const scene = await AdminScene.open({ api: { siblings: () => reportOf(us2, squid, lone) } });
    const { status, json } = await scene.ask('GET /api/v1/siblings', { as: 'viewer' });
    expect(status).toBe(200);
    expect(json.siblings[0]).toEqual({
      name: 'us-2',
      url: 'http://10.0.1.3',
      icp: '10.0.1.3:3130',
      htcp: null,
      health: 'alive',
      fetching: 'on',
      portico: true,
      problem: null,
      answered: '2023-11-14T22:13:19.600Z',
      roundTrip: 0.42,
      firstByte: 2.5,
      queries: 12_345,
      hits: 6_000,
      misses: 6_300,
      denied: 0,
      errors: 5,
      timeouts: 40,
      late: 7,
      fetched: 5_900,
      falseHits: 3,
      failed: 2,
      overdue: 1,
      served: 77,
      link: {
        state: 'up',
        why: null,
        since: '2023-11-14T21:13:20.000Z',
        told: '2023-11-14T21:13:20.000Z',
        node: 'us-2',
        instance: 'f00',
        ours: { last: 12, applied: 10, behind: 2 },
        theirs: { last: 3, applied: 3, behind: 0 },
      },
    });
    expect(json.siblings[1]).toMatchObject({
      icp: '[::1]:3130',
      htcp: '[::1]:4827',
      health: 'dead',
      portico: false,
      problem: 'does not answer',
      answered: null,
      roundTrip: null,
      firstByte: null,
      link: { state: 'stranger', since: null, node: null, ours: { last: 12, applied: null, behind: null } },
    });
    expect(json.siblings[2].link).toBeNull();
    const answered = { icp: { HIT: 90, MISS: 10, DENIED: 0 }, htcp: { found: 1, purged: 2 }, dropped: { stranger: 4 } };
    expect(json).toMatchObject(answered);
  });

  test('is empty on a node without siblings', async () => {
    const { json } = await (await AdminScene.open()).ask('GET /api/v1/siblings');
    expect(json).toEqual({ siblings: [], icp: {}, htcp: {}, dropped: {} });
  });
});

test('GET /status has them in short', async () => {
  const scene = await AdminScene.open({ api: { siblings: () => reportOf(us2) } });
  const { json } = await scene.ask('GET /api/v1/status');
  expect(json.siblings).toEqual([
    {
      name: 'us-2',
      health: 'alive',
      fetching: 'on',
      portico: true,
      problem: null,
      link: 'up',
      roundTrip: 0.42,
      queries: 12_345,
      hits: 6_000,
      timeouts: 40,
      fetched: 5_900,
      falseHits: 3,
    },
  ]);
});
