import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';

/** What an instance is by default, and what a test has otherwise. */
export function rulesWith(part: Partial<InstanceRules> = {}): InstanceRules {
  return {
    name: 'front',
    vrid: 51,
    interface: 'eth0',
    family: 4,
    version: 3,
    priority: 100,
    interval: 1000,
    preempt: 'always',
    startDelay: 0,
    drain: 0,
    addresses: [{ address: '192.0.2.10', prefix: 24 }],
    probe: 'off',
    announcements: { count: 5, delay: 5000, refresh: 60_000 },
    tracks: [
      { name: 'eth0', weight: 0, isVital: true },
      { name: 'proxy', weight: 0, isVital: true },
    ],
    lastResort: 'keep',
    hooks: {},
    witness: undefined,
    ...part,
  };
}
