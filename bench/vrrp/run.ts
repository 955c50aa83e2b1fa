import { cpus, release } from 'node:os';
import type { Ms } from '../../src/base/units.ts';
import { MAY_MAKE_LANS } from '../../test/support/lan.ts';
import { endAll } from '../../test/support/teardown.ts';
import type { Program } from '../../test/support/vrrp-router.ts';
import { rulesFor, VrrpScene } from '../../test/support/vrrp-scene.ts';
import { parseVrrpOptions, VRRP_USAGE, type VrrpOptions } from './options.ts';
import { formatVrrpTable, type VrrpRow } from './table.ts';
import type { Outcome, Trial } from './trials.ts';

/** Of which each is active, and backup. keepalived by itself comes first: the others are compared to it. */
const PAIRS: readonly (readonly [Program, Program])[] = [
  ['keepalived', 'keepalived'],
  ['keepalived', 'portico'],
  ['portico', 'keepalived'],
  ['portico', 'portico'],
];

/**
 * `npm run bench -- vrrp`: pairs of Portico and keepalived that share an address, on a LAN of network namespaces, and a client that opens
 * a connection every 5 ms. bench/README.md says how to read it. Resolves with the exit status.
 */
export async function benchVrrp(args: readonly string[]): Promise<number> {
  const options = parseVrrpOptions(args);
  if (options === undefined) {
    console.log(VRRP_USAGE);
    return 0;
  }
  if (!MAY_MAKE_LANS) throw new Error('needs root: it makes network namespaces');
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(name, () => endAll().finally(() => process.exit(130)));
  try {
    const rows = await measure(options);
    const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Linux ${release()}`;
    console.log(options.json ? JSON.stringify({ machine, rows }, null, 2) : `\n${machine}\n\n${formatVrrpTable(rows)}`);
    return rows.every(({ problem }) => problem === undefined) ? 0 : 1;
  } finally {
    await endAll();
  }
}

async function measure({ trials, repeats, json }: VrrpOptions): Promise<VrrpRow[]> {
  const scene = await VrrpScene.open();
  const rows: VrrpRow[] = [];
  for (const trial of trials) {
    for (const pair of PAIRS) {
      if (trial.isPorticos === true && pair[0] !== 'portico') continue;
      const outcomes: Outcome[] = [];
      let problem: string | undefined;
      try {
        for await (const outcome of play(scene, trial, pair, repeats)) outcomes.push(outcome);
      } catch (error) {
        problem = (error as Error).message;
      }
      rows.push({ trial, pair, outcomes, problem });
      const gaps = outcomes.map(({ gap }) => gap.toFixed(0)).join(' ');
      if (!json) process.stderr.write(`${trial.name}: ${pair.join(', ')}: ${problem ?? `${gaps} ms`}\n`);
    }
  }
  return rows;
}

/** Held up for longer, a client tells more of the machine than of routers. */
const HELD_UP: Ms = 20;
const TRIES = 3;

/** Once more when the client was held up; the last one counts. */
async function undisturbed(run: () => Promise<Outcome>): Promise<Outcome> {
  for (let left = TRIES - 1; ; left--) {
    const outcome = await run();
    if (outcome.stall <= HELD_UP || left === 0) return outcome;
  }
}

/** All of them with one pair that goes on running; what happens is spread evenly over an interval. */
async function* play(
  scene: VrrpScene,
  { interval, priorities, every, run }: Trial,
  [first, second]: readonly [Program, Program],
  repeats: number,
): AsyncGenerator<Outcome> {
  scene.heal();
  const dialect = { version: 3, family: 4, interval, isUnicast: false } as const;
  const a = scene.router(first, 'a', rulesFor(scene, 'a', dialect, { priority: priorities[0] }));
  const b = scene.router(second, 'b', rulesFor(scene, 'b', dialect, { priority: priorities[1] }));
  try {
    await Promise.all([a.start(), b.start()]);
    await scene.settled(a, b);
    const client = await scene.client(a, every);
    for (let i = 0; i < repeats; i++) {
      yield await undisturbed(async () => {
        await client.answeredBy('a');
        return run({ scene, client, a, b }, (i + 0.5) / repeats);
      });
    }
    await client.stop();
  } finally {
    scene.heal();
    await Promise.all([a.stop(), b.stop()]);
  }
}
