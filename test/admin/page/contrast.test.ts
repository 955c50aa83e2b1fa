import { describe, expect, test } from 'vitest';
import { STYLE } from '../../../src/admin/page/assets.ts';

/** WCAG 2.2 §1.4.3 for text, §1.4.11 for what else has to be told apart. */
const TEXT = 4.5;
const SHAPE = 3;

const GROUNDS = ['ground', 'card', 'good-ground', 'bad-ground', 'hand-ground', 'under-way-ground'];

const PAIRS: readonly { readonly front: string; readonly on: readonly string[]; readonly least: number }[] = [
  { front: 'text', on: [...GROUNDS, 'button', 'button-hover'], least: TEXT },
  { front: 'quiet', on: GROUNDS, least: TEXT },
  { front: 'link', on: GROUNDS, least: TEXT },
  { front: 'good', on: ['card', 'hand-ground'], least: TEXT },
  { front: 'bad', on: ['card', 'bad-ground', 'hand-ground'], least: TEXT },
  { front: 'hand', on: ['card', 'hand-ground'], least: TEXT },
  { front: 'under-way', on: ['card', 'hand-ground'], least: TEXT },
  { front: 'on-main', on: ['main', 'main-hover'], least: TEXT },
  { front: 'on-danger', on: ['danger'], least: TEXT },
  { front: 'ground', on: ['text'], least: TEXT },
  { front: 'edge', on: ['ground', 'card', 'button', 'button-hover'], least: SHAPE },
  { front: 'graph-one', on: ['card', 'graph-fill'], least: SHAPE },
  { front: 'graph-two', on: ['card', 'graph-fill'], least: SHAPE },
  { front: 'graph-bad', on: ['card', 'graph-fill'], least: SHAPE },
];

const [light, dark] = [...STYLE.body.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) => colours(block));

describe.each([
  { scheme: 'light', of: { ...light } },
  { scheme: 'dark', of: { ...light, ...dark } },
])('colours when it is $scheme', ({ of }) => {
  test.each(PAIRS.flatMap(({ front, on, least }) => on.map((ground) => ({ front, ground, least }))))(
    '$front can be told from $ground: $least to 1',
    ({ front, ground, least }) => {
      expect(contrast(of[front] ?? '', of[ground] ?? '')).toBeGreaterThanOrEqual(least);
    },
  );
});

test('every colour has one for the dark', () => {
  expect(Object.keys({ ...dark })).toEqual(Object.keys({ ...light }));
});

function colours(block: string): Record<string, string> {
  return Object.fromEntries(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [r = Number.NaN, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
