import { writeSync } from 'node:fs';
import { ALICE, file, Scene } from './scene.ts';

/** Changes origins until it is killed, and prints each change that was acknowledged: `pool id weight`. */

const ORIGINS = ['a', 'b', 'c', 'd', 'e'];
const scene = new Scene(process.argv[2] as string, file({ app: ORIGINS, web: ORIGINS }));

for (let i = Number(process.argv[3]); ; i++) {
  const pool = i % 2 === 0 ? 'app' : 'web';
  const id = ORIGINS[i % ORIGINS.length] as string;
  const weight = 2 + (i % 255);
  const change = { values: { weight }, reason: `${i} ${'x'.repeat(i % 400)}` };
  const outcome = scene.operator.change([{ pool, id }], change, ALICE);
  if (!outcome.ok) throw new Error(outcome.refusal.detail);
  writeSync(1, `${pool} ${id} ${weight} ${i}\n`);
}
