import { describe, expect, test } from 'vitest';
import { type VrrpSettings, vrrpSettings } from '../../../src/vrrp/config.ts';
import { hooksOf, rulesOf } from '../../../src/vrrp/machine/rules-of.ts';

const FRONT = { name: 'front', vrid: 51, interface: 'eth0', priority: 254, addresses: ['192.0.2.10/24'] };
const BACK = { ...FRONT, name: 'back', vrid: 52, interface: 'eth1', addresses: ['10.0.0.10/24'] };

function settings(value: object): VrrpSettings {
  const parsed = vrrpSettings.parse(value);
  if (parsed === 'off') throw new Error('is off');
  return parsed;
}

describe('the rules of an instance', () => {
  test('are its settings', () => {
    expect(rulesOf(settings({ instances: [FRONT] }))).toEqual([
      {
        name: 'front',
        vrid: 51,
        interface: 'eth0',
        family: 4,
        version: 3,
        priority: 254,
        interval: 1000,
        preempt: 'always',
        drain: 500,
        startDelay: 0,
        addresses: [{ address: '192.0.2.10', prefix: 24 }],
        probe: 'refuse',
        announcements: { count: 5, delay: 5000, refresh: 60_000 },
        tracks: [
          { name: 'interface eth0', weight: 0, isVital: true },
          { name: 'proxy', weight: 0, isVital: true },
        ],
        lastResort: 'keep',
        hooks: {},
        witness: undefined,
      },
    ]);
  });

  test('have the source as something that is vital, written as the kernel writes it', () => {
    const addresses = ['2001:db8::10/64'];
    const [rules] = rulesOf(settings({ instances: [{ ...FRONT, addresses, source: 'FE80:0::1' }] }));
    expect(rules?.tracks).toContainEqual({ name: 'source fe80::1 on eth0', weight: 0, isVital: true });
  });

  test.each([
    { addresses: ['2001:db8::1/64'], vrid: 51, expected: ['fe80::200:5eff:fe00:233', '2001:db8::1'] },
    { addresses: ['2001:DB8::1/64'], vrid: 1, expected: ['fe80::200:5eff:fe00:201', '2001:db8::1'] },
    { addresses: ['fe80::7/64', '2001:db8::1/64'], vrid: 51, expected: ['fe80::7', '2001:db8::1'] },
  ])('begin with a link-local address for IPv6: $addresses', ({ addresses, vrid, expected }) => {
    const [rules] = rulesOf(settings({ instances: [{ ...FRONT, vrid, addresses }] }));
    expect(rules?.family).toBe(6);
    expect(rules?.addresses.map(({ address }) => address)).toEqual(expected);
  });

  test('have all that is tracked, by kind and name', () => {
    const track = {
      proxy: 'off',
      interfaces: [{ name: 'eth1', weight: -10 }],
      files: [{ path: '/a' }, { path: '/b', weight: 0 }],
      scripts: [{ name: 'up', command: ['up'], weight: 5 }],
    };
    const [rules] = rulesOf(settings({ instances: [{ ...FRONT, track }] }));
    expect(rules?.tracks).toEqual([
      { name: 'interface eth0', weight: 0, isVital: true },
      { name: 'interface eth1', weight: -10, isVital: false },
      { name: 'file /a', weight: 'told', isVital: false },
      { name: 'file /b', weight: 0, isVital: false },
      { name: 'script up', weight: 5, isVital: false },
    ]);
  });

  test('of a sync group have what is tracked by all of it', () => {
    const track = { interfaces: [{ name: 'eth1', weight: -10 }] };
    const groups = {
      instances: [{ ...FRONT, track }, BACK],
      sync_groups: [{ name: 'g', instances: ['front', 'back'] }],
    };
    for (const { tracks } of rulesOf(settings(groups))) {
      expect(tracks).toEqual([
        { name: 'interface eth0', weight: 0, isVital: true },
        { name: 'proxy', weight: 0, isVital: true },
        { name: 'interface eth1', weight: 0, isVital: true },
      ]);
    }
  });

  test('have the hooks for all, but for its own, and resources as long as all of them take', () => {
    const resource = { name: 'app', start: ['a'], stop: ['b'] };
    const vrrp = settings({
      instances: [{ ...FRONT, hooks: { on_active: { command: ['mine'], deadline: '1s' } } }, BACK],
      hooks: {
        on_active: { command: ['all'] },
        fence: { command: ['fence'] },
        resources: [resource, { ...resource, name: 'db', deadline: '5s' }],
      },
      witness: { address: '192.0.2.3:8112', peer: '192.0.2.2:8112', key_file: 'key', policy: 'strict' },
    });
    const [front, back] = rulesOf(vrrp);
    expect(front?.hooks).toEqual({ on_active: 1000, fence: 30_000, start: 35_000, stop: 35_000 });
    expect(back?.hooks).toEqual({ on_active: 10_000, fence: 30_000, start: 35_000, stop: 35_000 });
    expect(front?.witness).toEqual({ policy: 'strict', timeout: 300 });
    const [first] = vrrp.instances;
    expect(first && hooksOf(first, vrrp).on_active?.command).toEqual(['mine']);
  });
});
