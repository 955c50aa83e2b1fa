import { describe, expect, test } from 'vitest';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { type InstanceNews, NewsLog } from '../../../src/vrrp/agent/news.ts';
import type { Role } from '../../../src/vrrp/model.ts';

const refused = (vote: 'denied' | 'silent'): InstanceNews => ({
  kind: 'alarm',
  alarm: { kind: 'takeover-refused', refusal: { by: 'witness', vote } },
});

const role = (from: Role, to: Role): InstanceNews => ({ kind: 'role', from, to, reason: { kind: 'nobody-came' } });

describe('the log of an instance', () => {
  test.each([
    { name: 'a takeover', news: [role('backup', 'claiming'), role('claiming', 'active')], levels: ['debug', 'info'] },
    { name: 'a fault', news: [role('active', 'fault')], levels: ['warn'] },
    {
      name: 'a claim in vain',
      news: [role('backup', 'claiming'), role('claiming', 'backup')],
      levels: ['debug', 'debug'],
    },
    { name: 'refused once more', news: [refused('silent'), refused('silent')], levels: ['warn', 'debug'] },
    { name: 'refused for another reason', news: [refused('silent'), refused('denied')], levels: ['warn', 'warn'] },
    {
      name: 'refused after it was active',
      news: [refused('silent'), role('claiming', 'active'), refused('silent')],
      levels: ['warn', 'info', 'warn'],
    },
  ] as const)('$name: $levels', ({ news, levels }) => {
    expect(levelsOf(news.map((each, i) => ({ each, at: i * 100 })))).toEqual(levels);
  });

  test('says once a minute that a takeover is refused', () => {
    const hour = Array.from({ length: 36_000 }, (_, i) => ({ each: refused('denied'), at: i * 100 }));
    expect(levelsOf(hour).filter((level) => level === 'warn')).toHaveLength(60);
  });
});

function levelsOf(told: readonly { readonly each: InstanceNews; readonly at: number }[]): string[] {
  const levels: string[] = [];
  const log = new NewsLog(eventLevels(({ level }) => void levels.push(level)));
  for (const { each, at } of told) log.take('front', each, at);
  return levels;
}
