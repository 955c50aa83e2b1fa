import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DatacenterChange } from '../../src/operator/commands.ts';
import type { DatacenterWord } from '../../src/operator/model.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { ALICE, file, Scene } from './scene.ts';

const T0 = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A node with datacenters: what whoever answers for the site was told last of each. */
class DatacenterScene extends Scene {
  readonly said = new Map<string, DatacenterWord | undefined>();
  /** Of whom nobody would be in service any more, whatever is asked. */
  emptied: readonly string[] | undefined;

  static async open(...names: readonly string[]): Promise<DatacenterScene> {
    const scene = new DatacenterScene(await tempDir('operator'), file({ app: ['a'] }));
    atTeardown(() => scene.operator.close());
    scene.configure(...names);
    return scene;
  }

  configure(...names: readonly string[]): void {
    this.operator.datacenters.take({
      names,
      emptied: () => this.emptied,
      said: (name, word) => this.said.set(name, word),
    });
  }

  set(name: string, admin: DatacenterChange['admin'], more: Partial<DatacenterChange> = {}) {
    return this.operator.datacenters.set(name, { admin, reason: 'because', ...more }, ALICE);
  }

  eventsOf(type: string): readonly Readonly<Record<string, unknown>>[] {
    return this.events.filter((event) => event.type === type).map(({ detail }) => detail);
  }
}

function refusal(outcome: ReturnType<DatacenterScene['set']>): string | undefined {
  return outcome.ok ? undefined : outcome.refusal.kind;
}

describe('a datacenter that an operator drains', () => {
  test('is told at once, with who wants it, and in events and the audit log', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    const word = { admin: 'drain', by: 'alice', source: 'api', reason: 'because', since: T0 };
    expect(scene.set('uk', 'drain')).toMatchObject({ ok: true, value: word });
    expect(scene.said.get('uk')).toMatchObject(word);
    expect(scene.said.get('us')).toBeUndefined();
    expect(scene.eventsOf('datacenter-changed')).toMatchObject([
      { datacenter: 'uk', by: 'alice', reason: 'because', before: { admin: 'active' }, after: { admin: 'drain' } },
    ]);
    expect(scene.operator.audit(0, 10)).toMatchObject([
      { action: 'datacenter.change', target: 'datacenter/uk', actor: 'alice', after: { admin: 'drain' } },
    ]);
    expect(scene.set('uk', 'active', { reason: '' })).toEqual({ ok: true, value: undefined });
    expect(scene.said.get('uk')).toBeUndefined();
  });

  test('stays so over restarts and reloads, until somebody ends it', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'down');
    scene.restart(file({ other: ['z'] }));
    scene.said.clear();
    expect(scene.operator.datacenters.word('uk')).toMatchObject({ admin: 'down', since: T0 });
    scene.configure('uk', 'us', 'au');
    expect(scene.said.get('uk')).toMatchObject({ admin: 'down', by: 'alice' });
    scene.set('uk', 'active');
    scene.restart();
    expect(scene.operator.datacenters.word('uk')).toBeUndefined();
  });

  test('is not so any more when it is not configured, and does not come back with its name', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'drain');
    scene.configure('us');
    expect(scene.eventsOf('override-dropped')).toEqual([
      { what: 'datacenter', because: 'no longer configured', datacenter: 'uk' },
    ]);
    scene.configure('us', 'uk');
    expect(scene.said.get('uk')).toBeUndefined();
  });

  test('is kept while there is no name server', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'drain');
    scene.operator.datacenters.take(undefined);
    expect(refusal(scene.set('uk', 'active'))).toBe('unknown-datacenter');
    scene.configure('us', 'uk');
    expect(scene.said.get('uk')).toMatchObject({ admin: 'drain' });
  });

  test('is back at its time', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'drain', { expiresIn: 60_000 });
    expect(scene.said.get('uk')).toMatchObject({ expires: T0 + 60_000 });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(scene.said.get('uk')).toBeDefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(scene.said.get('uk')).toBeUndefined();
    expect(scene.eventsOf('override-dropped')).toEqual([{ what: 'datacenter', because: 'expired', datacenter: 'uk' }]);
    expect(scene.operator.audit(0, 10).at(-1)).toMatchObject({
      action: 'datacenter.drop',
      target: 'datacenter/uk',
      actor: 'portico',
    });
  });

  test('is back as well when its time passed while the node was down', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'drain', { expiresIn: 60_000 });
    scene.operator.close();
    vi.setSystemTime(T0 + 60_000);
    scene.said.clear();
    scene.restart();
    scene.configure('us', 'uk');
    expect(scene.said.get('uk')).toBeUndefined();
  });
});

describe('what is said a second time', () => {
  test('says nothing new, and a dry run nothing at all', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    expect(scene.set('uk', 'drain', { dryRun: true })).toMatchObject({ ok: true, value: { admin: 'drain' } });
    expect(scene.said.get('uk')).toBeUndefined();
    scene.set('uk', 'drain');
    await vi.advanceTimersByTimeAsync(1000);
    expect(scene.set('uk', 'drain', { reason: 'again' })).toMatchObject({ value: { reason: 'because', since: T0 } });
    expect(scene.set('uk', 'drain', { expiresIn: null })).toMatchObject({ value: { since: T0 } });
    expect(scene.set('us', 'active').ok).toBe(true);
    expect(scene.operator.audit(0, 10)).toHaveLength(1);
    expect(scene.eventsOf('datacenter-changed')).toHaveLength(1);
  });

  test('is new with another time, or another word', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.set('uk', 'drain', { expiresIn: 60_000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(scene.set('uk', 'drain', { expiresIn: 60_000 })).toMatchObject({ value: { expires: T0 + 61_000 } });
    expect(scene.set('uk', 'drain', { expiresIn: null })).toMatchObject({ value: { expires: undefined } });
    scene.set('uk', 'drain', { expiresIn: 60_000 });
    expect(scene.set('uk', 'down'), 'which is not meant for that time').toMatchObject({
      value: { admin: 'down', expires: undefined },
    });
  });
});

describe('refused is', () => {
  test.each<{ kind: string; name?: string; change: Partial<DatacenterChange> }>([
    { kind: 'unknown-datacenter', name: 'fr', change: { admin: 'drain' } },
    { kind: 'invalid', change: { admin: 'maint' as 'drain' } },
    { kind: 'invalid', change: { admin: 'drain', reason: 'x'.repeat(501) } },
    { kind: 'invalid', change: { admin: 'drain', expiresIn: 0 } },
    { kind: 'invalid', change: { admin: 'active', expiresIn: 1000 } },
  ])('$change of $name: $kind', async ({ kind, name = 'uk', change }) => {
    const scene = await DatacenterScene.open('us', 'uk');
    expect(refusal(scene.set(name, change.admin ?? 'drain', change))).toBe(kind);
    expect(scene.operator.audit(0, 10)).toMatchObject([{ refused: expect.stringContaining(kind) }]);
    expect(scene.said.get('uk')).toBeUndefined();
  });

  test('to take away the last one in service, unless it is forced', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    scene.emptied = ['us', 'uk'];
    expect(scene.set('uk', 'drain')).toEqual({
      ok: false,
      refusal: { kind: 'last-datacenter', detail: 'of us, uk no datacenter would be left in service' },
    });
    expect(refusal(scene.set('uk', 'drain', { dryRun: true }))).toBe('last-datacenter');
    expect(scene.set('uk', 'drain', { force: true }).ok).toBe(true);
  });

  test('what cannot be kept, and it does not hold', async () => {
    const scene = await DatacenterScene.open('us', 'uk');
    rmSync(scene.directory, { recursive: true });
    writeFileSync(scene.directory, 'a file, where a directory is needed');
    expect(refusal(scene.set('uk', 'drain'))).toBe('not-kept');
    expect(scene.said.get('uk')).toBeUndefined();
    expect(scene.operator.datacenters.word('uk')).toBeUndefined();
  });
});
