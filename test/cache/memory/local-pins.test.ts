import { describe, expect, test } from 'vitest';
import { LocalPins } from '../../../src/cache/memory/local-pins.ts';
import { Random } from './random.ts';

describe('the pins of a thread', () => {
  test('are counted as a map would, however they come and go', () => {
    const random = new Random(5);
    const pins = new LocalPins();
    const model = new Map<number, number>();
    for (let i = 0; i < 50_000; i++) {
      const slot = 1 + random.below(i % 10_000 < 5000 ? 40 : 2000);
      const count = model.get(slot) ?? 0;
      if (random.below(2) === 0) {
        if (pins.add(slot) !== count + 1) throw new Error(`add of ${slot}`);
        model.set(slot, count + 1);
      } else if (count > 0) {
        if (pins.subtract(slot) !== count - 1) throw new Error(`subtract of ${slot}`);
        if (count === 1) model.delete(slot);
        else model.set(slot, count - 1);
      }
      if (pins.size !== model.size) throw new Error(`${pins.size} pinned`);
    }
    expect(new Set(pins)).toEqual(new Set(model.keys()));
    for (const [slot, count] of model) expect(pins.count(slot)).toBe(count);
  });

  test('cannot be taken back more often than they were given', () => {
    const pins = new LocalPins();
    pins.add(7);
    pins.subtract(7);
    expect(() => pins.subtract(7)).toThrow('slot 7 is not pinned');
  });

  test('remember how far a body was read until the last of them goes', () => {
    const pins = new LocalPins();
    pins.add(7);
    pins.noteReading(7, 8192, 33);
    expect(pins.readingAt(7)).toEqual({ position: 8192, unit: 33 });
    pins.subtract(7);
    pins.add(7);
    expect(pins.readingAt(7)).toEqual({ position: 0, unit: 0 });
  });
});
