import type { Statement } from '../blocks.ts';
import { approximate, dropped, EXACT, exact, type Judgement } from '../findings.ts';
import type { Facts } from './facts.ts';
import { secondsIn, timeOf } from './numbers.ts';

/** Intervals, and who takes over from whom. */

const SECOND = 1000;
const CENTISECOND = 10;

/** Milliseconds that keepalived takes for `advert_int`, and what became of them. `undefined`: the default, 1 s. */
export function intervalOf(statement: Statement | undefined, { version }: Facts): { ms: number; judgement: Judgement } {
  const said = secondsIn(statement?.args[0], 0.01, 255);
  if (said === undefined)
    return { ms: SECOND, judgement: dropped('0.01 to 255 seconds was meant; keepalived ignores it, and takes 1') };
  const unit = version === 2 ? SECOND : CENTISECOND;
  const most = version === 2 ? 255 * SECOND : 4095 * CENTISECOND;
  const ms = Math.min(most, Math.max(unit, Math.round(said / unit) * unit));
  if (ms === said) return { ms, judgement: EXACT };
  const why = version === 2 ? 'version 2 has whole seconds' : 'version 3 has hundredths of a second up to 40.95s';
  return { ms, judgement: approximate(`${timeOf(ms)}: ${why}, and keepalived takes it for that as well`) };
}

/** `nopreempt`, `preempt` and `preempt_delay`, of which some make others void. */
export function preemptOf(
  block: readonly Statement[],
  { isMaster, isStrict, priority }: Facts,
): {
  readonly preempt: string | undefined;
  judge(statement: Statement): Judgement;
} {
  const last = block.findLast(({ keyword }) => keyword === 'preempt' || keyword === 'nopreempt');
  const delay = secondsIn(block.findLast(({ keyword }) => keyword === 'preempt_delay')?.args[0], 0, 1000) ?? 0;
  const isOwner = priority === 255;
  const isNever = last?.keyword === 'nopreempt' && !isMaster && !isOwner;
  const isDelayed = delay > 0 && !isMaster && !isStrict && !isNever && !isOwner;
  return {
    preempt: isNever ? 'never' : isDelayed ? timeOf(delay) : undefined,
    judge({ keyword, place }) {
      if (keyword === 'preempt_delay')
        return isDelayed || delay === 0 ? EXACT : ignoredDelay(isMaster, isStrict, isNever);
      if (place !== last?.place) return dropped(`line ${last?.place.line} counts, as in keepalived`);
      if (keyword === 'preempt' || isNever) return EXACT;
      if (isOwner) return dropped('keepalived ignores it: an owner (255) takes its addresses back');
      return approximate(
        'keepalived ignores it, as state is MASTER, and so it is preempt: always here; never is most likely what was meant',
      );
    },
  };
}

function ignoredDelay(isMaster: boolean, isStrict: boolean, isNever: boolean): Judgement {
  if (isMaster)
    return approximate(
      'keepalived ignores it, as state is MASTER; preempt: with this time is most likely what was meant',
    );
  if (isStrict) return dropped('keepalived ignores it in strict mode');
  return dropped(isNever ? 'keepalived ignores it with nopreempt' : 'keepalived ignores it of an owner (255)');
}

export function stateJudgement(facts: Facts, hasPriority: boolean): Judgement {
  if (facts.isMaster && !hasPriority) {
    return exact(
      'without a priority keepalived takes MASTER for 255, which owns the addresses; 254 and a lower one at the others may be meant',
    );
  }
  return dropped('who is active follows from priorities, there as here');
}
