import { expect, test } from 'vitest';
import { answer } from '../support/origin.ts';
import { gate, openStage, statusOf } from './cache-scene.ts';
test('swr', async () => {
  const stage = await openStage({});
  for (let n = 0; n < 150; n++) {
    const go = gate();
    const play = stage.play(async function* () {
      if (play.asked.length === 1) {
        yield answer('old', { fields: ['Cache-Control: max-age=0, stale-while-revalidate=60', 'ETag: "1"'] });
        return;
      }
      await go.open;
      yield answer('new', { fields: ['Cache-Control: max-age=60'] });
    });
    await play.fetch();
    await play.fetchMany(10);
    const before = play.asked.length;
    go.lift();
    const seen: string[] = [];
    let reply = await play.fetch();
    seen.push(reply.body + statusOf(reply));
    while (reply.body === 'old') { reply = await play.fetch(); seen.push(reply.body + statusOf(reply)); }
    if (play.asked.length !== 2) console.log(n, before, play.asked.length, seen.join(' | '), JSON.stringify(play.asked.map((r) => r.fields.filter(([k]) => /if-none|request-id/.test(k)))));
  }
  expect(1).toBe(1);
}, 60000);
