import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { datacenterFamilies } from '../../src/metrics/datacenter-families.ts';
import { dnsFamilies } from '../../src/metrics/dns-families.ts';
import { type PoolFacts, poolFamilies } from '../../src/metrics/pool-families.ts';
import { siblingFamilies } from '../../src/metrics/sibling-families.ts';
import { vrrpFamilies } from '../../src/metrics/vrrp-families.ts';
import { frontDoor } from '../stories/front-door.ts';
import { answered } from '../support/dns-counted.ts';
import { Exposition } from '../support/exposition.ts';
import { MemoryDns } from '../support/memory-dns.ts';
import { startNode } from '../support/node.ts';
import { startOrigin } from '../support/origin.ts';
import { linkedAt, reportOf, sibling } from '../support/sibling-report.ts';
import { vrrpFacts } from '../support/vrrp-facts.ts';

/** The page of a real node, and what ships to make use of it: dashboard, alerts, and the table in README.md. */

const ROOT = join(import.meta.dirname, '../..');

const pool: PoolFacts = {
  name: 'app',
  panic: false,
  queued: 0,
  maintenance: undefined,
  origins: [
    {
      id: 'a',
      admin: 'active',
      health: 'up',
      effective: 'active',
      weight: 1,
      observed: {},
      traffic: { inFlight: 0, elected: 0 },
    },
  ],
};

let page: Exposition;
let openMetrics: Exposition;
let text: string;

beforeAll(async () => {
  const origin = await startOrigin();
  const config = frontDoor({ origins: [{ url: origin.url, name: 'a' }] });
  const node = await startNode({ ...config, cache: { memory: '64MiB' }, admin: { listen: '127.0.0.1:0' } });
  const { page: metrics } = node.control.metrics;
  metrics.register('pools', () => poolFamilies([pool]));
  metrics.register('siblings', () => siblingFamilies(reportOf(sibling('us-2', { link: linkedAt(Date.now()) }))));
  metrics.register('dns', () => dnsFamilies(answered()));
  metrics.register('datacenters', () => datacenterFamilies(new MemoryDns(['us', 'uk'], Date.now).datacenters(), []));
  metrics.register('vrrp', () => vrrpFamilies(vrrpFacts()));
  text = metrics.answer(undefined).body;
  page = new Exposition(text);
  openMetrics = new Exposition(metrics.answer('application/openmetrics-text').body, 'openmetrics');
});

describe('the page of a node', () => {
  test('is the same in both formats', () => {
    const names = ({ families }: Exposition) => [...families.keys()].map((name) => name.replace(/_total$/, ''));
    expect(names(openMetrics)).toEqual(names(page));
    // What was made of one name by leaving out a suffix must not be another's.
    expect(new Set(names(openMetrics)).size).toBe(openMetrics.families.size);
  });

  test('has names by the conventions: a prefix, base units, no unit or type where it does not belong', () => {
    for (const { name, type, samples } of page.families.values()) {
      expect(name).toMatch(/^(portico|process|nodejs)_[a-z0-9_]+$/);
      expect(name).not.toMatch(/(milli|micro|nano|kilo|mega|minutes|percent|_ms|counter|gauge|histogram)(_|$)/);
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
      expect(name).not.toMatch(/_(bucket|sum|count|created)$/);
      for (const { labels } of samples) {
        // A label does not say again what the name says, and its values do not go without bounds.
        for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z_]+$/);
      }
    }
  });

  test('says of each family in a sentence what it is', () => {
    for (const { help } of page.families.values()) expect(help).toMatch(/^[A-Z].*[.]$/);
  });

  test('has counters that begin at nought instead of not being there', () => {
    for (const { name, type, samples } of page.families.values()) {
      if (type === 'counter') expect(samples.length, name).toBeGreaterThan(0);
    }
  });
});

describe('README.md', () => {
  const rows = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(
    /^\| `((?:portico|process|nodejs)_[a-z_]+)(?:\{([a-z_,]+)\})?` \| (\w+)/gm,
  );
  const told = new Map([...rows].map(([, name, labels = '', type]) => [name, { labels, type }]));

  test('has every metric in its table, and no other', () => {
    expect([...told.keys()].sort()).toEqual([...page.families.keys()].sort());
  });

  test('has their types and labels', () => {
    for (const { name, type, samples } of page.families.values()) {
      const { le: _, ...labels } = samples[0]?.labels ?? {};
      expect({ name, ...told.get(name) }).toEqual({ name, type, labels: Object.keys(labels).join(',') });
    }
  });
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const dashboard = JSON.parse(readFileSync(join(ROOT, 'config/grafana-dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
};
const alerts = parse(readFileSync(join(ROOT, 'config/alert-rules.yml'), 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

describe('the dashboard and the alerts', () => {
  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr }))),
    ...dashboard.templating.list.flatMap(({ name, query }) =>
      typeof query === 'string' ? [] : [{ of: `$${name}`, expr: query.query }],
    ),
    ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
  ];

  test.each(expressions)('use metrics and labels that a node has: $of', ({ expr }) => {
    const used = [...expr.matchAll(/\b((?:portico|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)];
    expect(used.length).toBeGreaterThan(0);
    for (const [, name = '', selector = ''] of used) {
      const samples = page.samples(name);
      expect(samples.length, `${name} on the page`).toBeGreaterThan(0);
      for (const [, label = '', values = ''] of selector.matchAll(/([a-z_]+)=~?"([^"]*)"/g)) {
        if (label === 'instance' || label === 'job') continue;
        const known = new Set(samples.map(({ labels }) => labels[label]));
        expect(known, `${name} has ${label}`).not.toContain(undefined);
        if (!values.startsWith('$')) for (const value of values.split('|')) expect(known).toContain(value);
      }
    }
  });

  test('have a data source that is chosen, panels that do not overlap, and ids of their own', () => {
    const { panels } = dashboard;
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Set<string>();
    for (const { title, gridPos, targets = [] } of panels) {
      for (const { datasource } of targets) expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x} ${y}`), title).toBe(false);
          cells.add(`${x} ${y}`);
        }
      }
    }
  });

  test('have alerts for what a person has to see', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const subject of [
      'WithoutUsableOrigin',
      'OriginDown',
      'ErrorRate',
      'Latency',
      'DiskErrors',
      'NotReady',
      'Memory',
      'VrrpAgentAway',
      'VrrpFault',
      'VrrpAdvertsDropped',
      'VrrpTwoActive',
    ])
      expect(rules.filter(({ alert }) => alert.includes(subject))).toHaveLength(1);
  });
});
