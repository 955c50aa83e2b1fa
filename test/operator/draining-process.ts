import { writeSync } from 'node:fs';
import { ALICE, file, Scene } from './scene.ts';

/** Drains datacenters and puts them back until it is killed, and prints each change that was acknowledged: `name admin number`. */

const NAMES = ['us', 'uk', 'au'];
const scene = new Scene(process.argv[2] as string, file({ app: ['a'] }));
scene.operator.datacenters.take({ names: NAMES, emptied: () => undefined, said: () => {} });

for (let i = 0; ; i++) {
  const name = NAMES[i % NAMES.length] as string;
  const admin = (['drain', 'active', 'down', 'active'] as const)[i % 4] as 'drain' | 'down' | 'active';
  const outcome = scene.operator.datacenters.set(name, { admin, reason: `${i}` }, ALICE);
  if (!outcome.ok) throw new Error(outcome.refusal.detail);
  writeSync(1, `${name} ${admin} ${i}\n`);
}
