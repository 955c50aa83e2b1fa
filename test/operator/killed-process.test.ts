import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';
import { file, Scene } from './scene.ts';

const ORIGINS = ['a', 'b', 'c', 'd', 'e'];

test('a process that is killed while it changes origins leaves every change that it had acknowledged', async () => {
  const directory = await tempDir('operator');
  let first = 0;
  for (let round = 0; round < 6; round++) {
    const script = new URL('./changing-process.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, directory, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
    atTeardown(() => child.kill('SIGKILL'));
    let told = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      told += text;
      if (told.length > 2000 + round * 1777) child.kill('SIGKILL');
    });
    await within(once(child, 'close'), 'the process to end', 15_000);

    const lines = told.split('\n').slice(0, -1);
    const acknowledged = lines.map((line) => line.split(' ') as [string, string, string, string]);
    expect(acknowledged.length).toBeGreaterThan(100);
    const scene = new Scene(directory, file({ app: ORIGINS, web: ORIGINS }));
    scene.operator.close();
    expect(scene.events.filter(({ type }) => type === 'overrides-lost')).toEqual([]);
    const last = new Map(acknowledged.map(([pool, id, weight, number]) => [`${pool}/${id}`, { weight, number }]));
    for (const [name, { weight, number }] of last) {
      const [pool, id] = name.split('/') as [string, string];
      const found = scene.operator.origin({ pool, id });
      // The one after the last that was acknowledged may be there, or not.
      const foundNumber = Number(found?.override?.reason.split(' ')[0]);
      if (foundNumber === Number(acknowledged.at(-1)?.[3]) + 1) continue;
      expect([name, found?.weight, foundNumber]).toEqual([name, Number(weight), Number(number)]);
    }
    first = Number(acknowledged.at(-1)?.[3]) + 2;
  }
}, 60_000);

test('a process that is killed while it drains datacenters leaves every change that it had acknowledged', async () => {
  const directory = await tempDir('operator');
  const script = new URL('./draining-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  atTeardown(() => child.kill('SIGKILL'));
  let told = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    told += text;
    if (told.length > 1500) child.kill('SIGKILL');
  });
  await within(once(child, 'close'), 'the process to end', 15_000);

  const acknowledged = told
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ') as [string, string, string]);
  const next = acknowledged.length;
  const scene = new Scene(directory, file({ app: ['a'] }));
  scene.operator.close();
  for (const [name, admin] of new Map(acknowledged.map(([name, ...rest]) => [name, rest[0]]))) {
    const word = scene.operator.datacenters.word(name);
    // The one after the last that was acknowledged may be there, or not.
    if (['us', 'uk', 'au'][next % 3] === name) continue;
    expect([name, word?.admin ?? 'active']).toEqual([name, admin]);
  }
}, 60_000);
