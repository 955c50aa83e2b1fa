import { describe, expect, test } from 'vitest';
import { PIECE, TURN } from '../../../src/geodns/server/tcp-limits.ts';
import { TcpTurns } from '../../../src/geodns/server/tcp-turns.ts';

/** Connections that have so many pieces of work to do, and the order in which they do them, by turns of the event loop. */
class Scene {
  readonly turns = new TcpTurns();
  readonly done: string[][] = [[]];

  begin(name: string, pieces: number): void {
    let left = pieces;
    const goOn = () => {
      if (left === 0) return;
      left -= 1;
      this.done.at(-1)?.push(name);
      this.turns.spend(PIECE);
      if (left > 0) this.turns.wait({ goOn });
    };
    if (this.turns.isOver) this.turns.wait({ goOn });
    else goOn();
  }

  async turn(): Promise<void> {
    this.done.push([]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const PIECES = TURN / PIECE;

describe('turns of connections', () => {
  test('are over when all together have done so much, until the event loop has had its own', async () => {
    const { turns } = new Scene();
    turns.spend(TURN - 1);
    expect(turns.isOver).toBe(false);
    turns.spend(1);
    expect(turns.isOver).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.isOver).toBe(false);
  });

  test('go round: who has much to do waits behind the others for each piece of it', async () => {
    const scene = new Scene();
    scene.begin('much', 3);
    scene.begin('more', 4);
    scene.begin('little', 1);
    for (let i = 0; i < 4; i++) await scene.turn();
    expect(scene.done.flat()).toEqual(['much', 'more', 'little', 'much', 'more', 'much', 'more', 'more']);
  });

  test('have no more pieces each than there is room for, however many wait', async () => {
    const scene = new Scene();
    for (let i = 0; i < 100; i++) scene.begin(`${i}`, 2);
    for (let i = 0; i < 200 / PIECES; i++) await scene.turn();
    expect(scene.done.map(({ length }) => length)).toEqual([...Array(200 / PIECES).fill(PIECES), 0]);
    // All have had one before anybody but those of the first turn has had two.
    expect(new Set(scene.done.flat().slice(0, 100 + PIECES)).size).toBe(100);
  });

  test('come to who begins when one is over, once those before it have had theirs', async () => {
    const scene = new Scene();
    for (let i = 0; i < PIECES; i++) scene.begin('first', 2);
    scene.begin('late', 1);
    await scene.turn();
    await scene.turn();
    expect(scene.done).toEqual([Array(PIECES).fill('first'), Array(PIECES).fill('first'), ['late']]);
  });
});
