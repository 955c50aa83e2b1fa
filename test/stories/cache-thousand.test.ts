import { describe, expect, test } from 'vitest';
import { gate, headOf, MIB, openStage, pieces, statusOf, whole } from './cache-scene.ts';

/** The crowd for which fetches are collapsed. */

describe('1,000 requests at once for 5 MiB', () => {
  test.each([2, 4])(
    'cost the origin one request, over %i workers',
    async (workers) => {
      const SIZE = 5 * MIB;
      const stage = await openStage({ workers });
      const go = gate();
      const play = stage.play(async function* () {
        await go.open;
        yield headOf('Cache-Control: max-age=60', `Content-Length: ${SIZE}`);
        yield* pieces(0, SIZE);
      });
      const clients = await play.followMany(1000);
      await stage.quiet();
      go.lift();
      const outcomes = await Promise.all(clients.map((each) => each.done(50_000)));
      for (const outcome of outcomes) expect(outcome).toMatchObject(whole(SIZE));
      expect(play.asked).toHaveLength(1);

      const told = outcomes.map(statusOf).sort();
      expect([told[0], told[998], told[999]]).toEqual([
        'fwd=uri-miss; collapsed',
        'fwd=uri-miss; collapsed',
        'fwd=uri-miss; stored',
      ]);
      const lines = await play.lines(1000);
      expect(lines.filter(({ collapsed }) => collapsed === true)).toHaveLength(999);
      expect(lines.filter(({ cache }) => cache === 'uri-miss')).toHaveLength(1000);
      expect(lines.filter(({ attempts }) => attempts === 1)).toHaveLength(1);
    },
    60_000,
  );
});
