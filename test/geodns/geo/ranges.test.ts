import { describe, expect, test } from 'vitest';
import { formatAddress, type IPv6Words } from '../../../src/base/address.ts';
import { type Net, parseNet } from '../../../src/geodns/geo/net.ts';
import { CLEAR, overlay, type Ranges, RangesBuilder, rangesOfNets } from '../../../src/geodns/geo/ranges.ts';
import { Random } from '../../cache/memory/random.ts';
import { NaiveNets, randomAddress, randomNets } from './world.ts';

describe('ranges of nets', () => {
  test('have the inner of nested nets, and what is around it on both sides', () => {
    expect(
      drawn(4, [
        ['10.0.0.0/8', 1],
        ['10.1.0.0/16', 2],
        ['10.1.2.0/24', 1],
      ]),
    ).toBe('0.0.0.0 -, 10.0.0.0 1, 10.1.0.0 2, 10.1.2.0 1, 10.1.3.0 2, 10.2.0.0 1, 11.0.0.0 -');
  });

  test('are merged where neighbours are alike', () => {
    expect(
      drawn(4, [
        ['10.0.0.0/9', 1],
        ['10.128.0.0/9', 1],
        ['11.0.0.0/8', 1],
        ['11.5.0.0/16', 1],
      ]),
    ).toBe('0.0.0.0 -, 10.0.0.0 1, 12.0.0.0 -');
  });

  test('have the first of equal nets', () => {
    expect(
      drawn(4, [
        ['10.0.0.0/8', 1],
        ['10.0.0.0/8', 2],
      ]),
    ).toBe('0.0.0.0 -, 10.0.0.0 1, 11.0.0.0 -');
  });

  test('of nested nets that begin, or end, together are right', () => {
    expect(
      drawn(4, [
        ['0.0.0.0/0', 1],
        ['0.0.0.0/8', 2],
        ['255.255.255.255/32', 3],
        ['255.0.0.0/8', 4],
      ]),
    ).toBe('0.0.0.0 2, 1.0.0.0 1, 255.0.0.0 4, 255.255.255.255 3');
  });

  test('of IPv6 reach into the last word', () => {
    expect(
      drawn(6, [
        ['2a00::/16', 1],
        ['2a00::ffff:ffff/128', 2],
        ['10.0.0.0/8', 9],
      ]),
    ).toBe(':: -, 2a00:: 1, 2a00::ffff:ffff 2, 2a00::1:0:0 1, 2a01:: -');
  });
});

describe('an overlay', () => {
  test('shows what is above, and what is below where that is clear', () => {
    const below = rangesOfNets(
      4,
      nets([
        ['0.0.0.0/0', 1],
        ['10.0.0.0/8', 2],
        ['20.0.0.0/8', 3],
      ]),
    );
    const above = rangesOfNets(
      4,
      nets([
        ['10.128.0.0/9', 7],
        ['15.0.0.0/8', 1],
        ['20.0.0.0/8', 1],
      ]),
    );
    expect(text(overlay(below, above))).toBe('0.0.0.0 1, 10.0.0.0 2, 10.128.0.0 7, 11.0.0.0 1');
  });

  test.each([4, 6] as const)('of IPv%i is right for each address', (family) => {
    const random = new Random(family);
    const numbered = (count: number) => randomNets(random, family, count).map((net) => [net, random.below(5)] as const);
    const [low, high] = [numbered(500), numbered(300)];
    const laid = overlay(rangesOfNets(family, low), rangesOfNets(family, high));
    // Of equal nets the first counts here, the last there.
    const [below, above] = [new NaiveNets(low.toReversed()), new NaiveNets(high.toReversed())];
    for (let i = 0; i < 5000; i++) {
      const address = randomAddress(random, family);
      expect(at(laid, address)).toBe(above.find(family, address) ?? below.find(family, address) ?? CLEAR);
    }
  });
});

describe('a builder', () => {
  test('takes the later of what is said of one address, and merges it then', () => {
    const builder = new RangesBuilder(1);
    for (const [start, id] of [
      [0, 1],
      [5, 2],
      [5, 1],
      [9, 3],
    ] as const)
      builder.push(0, 0, 0, start, id);
    expect(text(builder.finish())).toBe('0.0.0.0 1, 0.0.0.9 3');
  });
});

function nets(from: readonly (readonly [string, number])[]): (readonly [Net, number])[] {
  return from.map(([net, id]) => [parseNet(net) as Net, id] as const);
}

function drawn(family: 4 | 6, from: readonly (readonly [string, number])[]): string {
  return text(rangesOfNets(family, nets(from)));
}

function text(ranges: Ranges): string {
  return Array.from(ranges.ids, (id, i) => {
    const words = ranges.starts.subarray(i * ranges.width, (i + 1) * ranges.width);
    const address = ranges.width === 1 ? (words[0] as number) : ([...words] as unknown as IPv6Words);
    return `${formatAddress(address)} ${id === CLEAR ? '-' : id}`;
  }).join(', ');
}

/** From one end to the other. */
function at(ranges: Ranges, address: IPv6Words): number | undefined {
  const words = address.slice(4 - ranges.width);
  let found: number | undefined;
  for (let i = 0; i < ranges.ids.length; i++) {
    const start = ranges.starts.subarray(i * ranges.width, (i + 1) * ranges.width);
    const differs = words.findIndex((word, w) => word !== start[w]);
    if (differs !== -1 && (start[differs] as number) > (words[differs] as number)) break;
    found = ranges.ids[i];
  }
  return found;
}
