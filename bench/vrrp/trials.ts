import { setTimeout as sleep } from 'node:timers/promises';
import type { Ms } from '../../src/base/units.ts';
import { wallNow } from '../../test/support/clock.ts';
import type { VipClient } from '../../test/support/vip-client.ts';
import { PorticoRouter } from '../../test/support/vrrp-agent.ts';
import { type Router, vipOf } from '../../test/support/vrrp-router.ts';
import type { VrrpScene } from '../../test/support/vrrp-scene.ts';

/** What happens to a pair of routers of which `a` is active, and what a client sees of it. */
export interface Trial {
  readonly name: string;
  readonly says: string;
  readonly interval: Ms;
  readonly priorities: readonly [active: number, backup: number];
  /** Whether `a` has to be Portico: others cannot do it. */
  readonly isPorticos?: boolean;
  readonly aim: Aim;
  /** From one connection of the client to the next, when 5 ms are too coarse. */
  readonly every?: Ms;
  /** `phase`: which share of an interval after an advertisement it happens. Leaves `a` active again. */
  readonly run: (play: Play, phase: number) => Promise<Outcome>;
}

/**
 * `gapRatio` of the median, to keepalived's; `gap` and `failed` of each. One that failed is no hole: the connection that is
 * open just when the address moves is cut, whoever moves it.
 */
export type Aim = { readonly gapRatio: number } | { readonly gap: Ms } | { readonly failed: number } | undefined;

export interface Play {
  readonly scene: VrrpScene;
  readonly client: VipClient;
  readonly a: Router;
  readonly b: Router;
}

export interface Outcome {
  /** The longest time between starts of requests that were answered one after the other. */
  readonly gap: Ms;
  readonly failed: number;
  /** From the last advertisement of `a` to the start of the first request that `b` answers. */
  readonly silence: Ms | undefined;
  /** From the last advertisement of `a` to the first one of `b`. */
  readonly takeover: Ms | undefined;
  /** How long both had the address. */
  readonly double: Ms;
  /** The client itself was held up for so long. */
  readonly stall: Ms;
}

const LOSS = { says: "a's cable is pulled", priorities: [200, 100], aim: { gapRatio: 1.05 }, run: lose } as const;

export const TRIALS: readonly Trial[] = [
  { name: 'loss-1s', interval: 1000, ...LOSS },
  { name: 'loss-100ms', interval: 100, ...LOSS },
  { name: 'loss-10ms', interval: 10, every: 1, ...LOSS },
  {
    name: 'return',
    says: 'a, of the higher priority, comes back',
    interval: 100,
    priorities: [200, 100],
    aim: undefined,
    run: comeBack,
  },
  {
    name: 'goodbye',
    says: 'a is stopped by SIGTERM',
    interval: 1000,
    priorities: [200, 100],
    aim: { failed: 1 },
    run: sayGoodbye,
  },
  {
    name: 'kill',
    says: 'all processes of a are killed, its web server is not',
    interval: 100,
    priorities: [200, 100],
    aim: undefined,
    run: kill,
  },
  {
    name: 'heal',
    says: 'a was cut off unknowingly, and is back',
    interval: 100,
    priorities: [200, 100],
    aim: { gap: 100 },
    run: heal,
  },
  {
    name: 'handover',
    says: "a's operator hands over",
    interval: 1000,
    priorities: [254, 250],
    isPorticos: true,
    aim: { failed: 1 },
    run: handOver,
  },
  {
    name: 'proxy',
    says: "a's proxy is killed, its agent is not",
    interval: 1000,
    priorities: [254, 250],
    isPorticos: true,
    aim: { gap: 100 },
    run: killProxy,
  },
];

async function lose(play: Play, phase: number): Promise<Outcome> {
  const { lan } = play.scene;
  return goAndReturn(
    play,
    phase,
    () => lan.unplug('a'),
    () => lan.plug('a'),
  );
}

async function comeBack(play: Play, phase: number): Promise<Outcome> {
  const { scene, client, a, b } = play;
  await a.stop();
  await scene.settled(b, a);
  await client.answeredBy('b');
  const outcome = await observe(play, phase, 'a', () => a.start());
  await scene.settled(a, b);
  return outcome;
}

async function sayGoodbye(play: Play, phase: number): Promise<Outcome> {
  const { a } = play;
  return goAndReturn(
    play,
    phase,
    () => a.stop(),
    () => a.start(),
  );
}

async function kill(play: Play, phase: number): Promise<Outcome> {
  const { scene, client, a, b } = play;
  const since = wallNow();
  await waitFor(play, phase);
  await a.kill9();
  // Where keepalived leaves the address behind, Portico does not take it.
  await Promise.race([client.answeredBy('b'), sleep(5000)]);
  const outcome = await outcomeSince(play, since);
  await a.start();
  await scene.settled(a, b);
  return outcome;
}

async function heal(play: Play, phase: number): Promise<Outcome> {
  const { scene, client, a, b } = play;
  scene.lan.isolate('a');
  await client.answeredBy('b');
  await scene.watch.heldBy(vipOf(a.rules), 'a', 'b');
  // By then nothing is under way that was sent to the one which is cut off.
  await client.report();
  await sleep(phase * a.rules.interval);
  const since = wallNow();
  scene.lan.rejoin('a');
  // Where nobody tells it, a client goes on asking the wrong host, until it asks where the address is: for a while, that is looked at.
  await Promise.race([client.answeredBy('a', 20_000), sleep(5000)]);
  scene.lan.run('c', 'ip', 'neighbor', 'flush', 'dev', 'eth0');
  await client.answeredBy('a');
  const outcome = await outcomeSince(play, since);
  await scene.settled(a, b);
  return outcome;
}

async function handOver(play: Play, phase: number): Promise<Outcome> {
  const { scene, a, b } = play;
  if (!(a instanceof PorticoRouter)) throw new Error('it has no such command');
  const outcome = await observe(play, phase, 'b', () => a.command('handover'));
  await scene.watch.heldBy(vipOf(a.rules), 'b');
  await a.command('resume');
  await scene.settled(a, b);
  return outcome;
}

async function killProxy(play: Play, phase: number): Promise<Outcome> {
  const { a } = play;
  if (!(a instanceof PorticoRouter)) throw new Error('it has no proxy');
  return goAndReturn(
    play,
    phase,
    () => a.killProxy(),
    () => a.start(),
  );
}

/** `b` takes over from `a`, which is what is measured, and then `a` is there again. */
async function goAndReturn(play: Play, phase: number, go: () => unknown, back: () => unknown): Promise<Outcome> {
  const { scene, a, b } = play;
  const outcome = await observe(play, phase, 'b', go);
  await scene.settled(b, a);
  await back();
  await scene.settled(a, b);
  return outcome;
}

/** What the client sees of it, until that host answers. */
async function observe(play: Play, phase: number, next: string, act: () => unknown): Promise<Outcome> {
  const since = wallNow();
  await waitFor(play, phase);
  await act();
  const { start } = await play.client.answeredBy(next);
  const adverts = play.scene.capture.adverts.all;
  const after = adverts.find(({ at, host }) => host === next && at >= since);
  const before = adverts.findLast(({ at, host }) => host !== next && at < (after?.at ?? start));
  const first =
    play.client.requests.all.filter((each) => each.start >= since && each.by === next).at(0)?.start ?? start;
  return {
    ...(await outcomeSince(play, since)),
    silence: before && first - before.at,
    takeover: before && after && after.at - before.at,
  };
}

async function waitFor({ scene }: Play, phase: number): Promise<void> {
  const { interval } = await scene.capture.adverts.waitFor(() => true, { from: scene.capture.adverts.all.length });
  await sleep(phase * interval);
}

async function outcomeSince({ scene, client, a }: Play, since: Ms): Promise<Outcome> {
  const double = scene.watch.doubleTime(vipOf(a.rules), since);
  const { gap, failed, stall } = await client.report(since);
  return { gap, failed, stall, double, silence: undefined, takeover: undefined };
}
