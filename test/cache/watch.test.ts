import { describe, expect, test } from 'vitest';
import { Watch, type Watcher } from '../../src/cache/watch.ts';

describe('a watch over slots', () => {
  test('tells all who wait for a slot that this thread has changed, and nobody else', () => {
    const { watch, told, watcher } = scene();
    watch.add(1, watcher('a'));
    watch.add(1, watcher('b'));
    watch.add(2, watcher('c'));
    watch.changed(1);
    watch.changed(3);
    expect(told).toEqual(['a', 'b']);
  });

  test('tells of what another thread did once the bell has rung, and only of slots with news', () => {
    const { watch, told, watcher, versions } = scene();
    watch.add(1, watcher('a'));
    watch.add(2, watcher('b'));
    watch.check();
    expect(told).toEqual([]);
    versions.set(2, 5);
    watch.check();
    watch.check();
    expect(told).toEqual(['b']);
  });

  test('does not tell who has left, even if that happens while it tells', () => {
    const { watch, told, watcher } = scene();
    const second = watcher('second');
    watch.add(1, { news: () => watch.remove(1, second) });
    watch.add(1, second);
    watch.changed(1);
    watch.changed(1);
    expect(told.length).toBeLessThanOrEqual(1);
    expect(watch.countOf(1)).toBe(1);
  });

  test('forgets a slot that nobody waits for', () => {
    const { watch, told, watcher, versions } = scene();
    const only = watcher('a');
    watch.add(1, only);
    watch.remove(1, only);
    watch.remove(1, only);
    versions.set(1, 9);
    watch.check();
    expect([told, watch.countOf(1)]).toEqual([[], 0]);
  });
});

function scene() {
  const versions = new Map<number, number>();
  const told: string[] = [];
  const watch = new Watch({ news: (slot) => ({ version: versions.get(slot) ?? 0 }) });
  const watcher = (name: string): Watcher => ({ news: () => void told.push(name) });
  return { versions, told, watch, watcher };
}
