import { setTimeout as pause } from 'node:timers/promises';
import type { Ms } from '../base/units.ts';
import type { AdminClient } from './admin-client.ts';
import { type ExitStatus, Failure, type Surroundings } from './command.ts';
import { interruptible } from './interruptible.ts';
import type { Progress } from './progress.ts';
import { visible } from './screen.ts';
import { type InstanceReply, vrrpOf } from './vrrp-replies.ts';
import { stateText } from './vrrp-status.ts';
import { span } from './words.ts';

export interface VrrpWait {
  readonly command: 'handover' | 'release' | 'resume';
  /** Which are waited for. */
  readonly names: readonly string[];
  /** As `performance.now()` has it. */
  readonly start: Ms;
  readonly limit: Ms;
}

/** The node answers at once: so often it is asked. */
const POLL: Ms = 250;

/**
 * 0: it is so of all; 3: the time is over; 130: somebody interrupted. What was said holds in any case. Throws a `Failure` when it
 * will never be so: nobody took over, or somebody said something else meanwhile.
 */
export async function waitForAddresses(
  client: AdminClient,
  wait: VrrpWait,
  { out, err }: Pick<Surroundings, 'out' | 'err'>,
): Promise<ExitStatus> {
  return interruptible(err, { what: '', left: staysAs(wait) }, async (progress, signal) => {
    const pending = await follow(client, wait, progress, signal, (line) => {
      progress.end();
      out.write(`${line}\n`);
    });
    progress.end();
    if (pending.length === 0) return 0;
    const states = pending.join('; ');
    err.write(`portico: in vain after ${span(wait.limit)}: ${states}; ${staysAs(wait)}\n`);
    return 3;
  });
}

/** Tells each that is so. Resolves with how the others are when the time is over. */
async function follow(
  client: AdminClient,
  wait: VrrpWait,
  progress: Progress,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const { start, limit } = wait;
  let left = wait.names;
  for (;;) {
    const { instances } = vrrpOf(await client.ask('/vrrp', { signal }));
    const past = performance.now() - start;
    const states = new Map<string, string>();
    for (const name of left) {
      const instance = instances.find((each) => each.name === name);
      const so = instance === undefined ? undefined : outcomeOf(instance, wait);
      if (so === undefined) states.set(name, `${visible(name)} is ${visible(stateOf(instance))}`);
      else tell(`${visible(name)}: ${visible(so)} after ${span(past)}`);
    }
    left = [...states.keys()];
    if (left.length === 0 || past >= limit) return [...states.values()];
    progress.show([...states.values()].join(', '), `${span(past)} of ${span(limit)}`);
    await pause(Math.min(POLL, limit - past), undefined, { signal });
  }
}

/** How it ended; `undefined`: it has not. */
function outcomeOf(
  { name, role, heard, maintenance, words }: InstanceReply,
  { command }: VrrpWait,
): string | undefined {
  if (command === 'resume') {
    if (maintenance !== null) throw new Failure(`${visible(name)} was taken away again by ${visible(maintenance.by)}`);
    return role === 'active' ? 'active' : undefined;
  }
  if (maintenance === null) {
    const nobody = command === 'handover' && (role === 'active' || role === 'claiming');
    const what = nobody ? 'nobody took over' : 'it was resumed meanwhile';
    throw new Failure(`${visible(name)}: ${what}: ${visible(words)}`);
  }
  const isHere = role === 'active' || role === 'leaving' || role === 'claiming';
  return !isHere && heard?.alive === true ? `${heard.source} is active` : undefined;
}

function stateOf(instance: InstanceReply | undefined): string {
  if (instance === undefined) return 'not there, as the agent is away';
  const { role, heard } = instance;
  return `${stateText(role)}, hears ${heard ? heard.source : 'nobody'}`;
}

function staysAs({ command }: VrrpWait): string {
  return command === 'resume' ? 'it stays resumed' : 'it stays as it was told; portico vrrp resume ends that';
}
