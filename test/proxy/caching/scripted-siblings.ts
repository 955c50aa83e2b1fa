import type { Ms } from '../../../src/base/units.ts';
import type { OriginReplies, OriginRequest } from '../../../src/proxy/origin/call.ts';
import type { SiblingPeers } from '../../../src/proxy/sibling-peers.ts';
import type { Asking, SiblingOutcome, SiblingQuestion, SiblingReceipt, Siblings } from '../../../src/proxy/siblings.ts';
import { ScriptedCall } from './scripted-origin.ts';

/** Who says that it has it: the row of a peer, `nobody`, none in time (`silence`), or there is none to ask (`none`). */
export type Answer = number | 'nobody' | 'silence' | 'none';

/** Siblings that are asked and told, and say what the play wants. */
export class ScriptedSiblings implements Siblings {
  answer: Answer = 0;
  readonly questions: SiblingQuestion[] = [];
  readonly outcomes: [slot: number, SiblingOutcome][] = [];
  readonly servings: [address: string, isHit: boolean, bytes: number][] = [];
  cancelled = 0;

  ask(question: SiblingQuestion, found: (slot: number | undefined) => void): Asking | undefined {
    const { answer } = this;
    if (answer === 'none') return undefined;
    this.questions.push(question);
    let isOver = false;
    if (answer !== 'silence') {
      queueMicrotask(() => {
        if (isOver) return;
        isOver = true;
        found(answer === 'nobody' ? undefined : answer);
      });
    }
    return {
      cancel: () => {
        if (!isOver) this.cancelled += 1;
        isOver = true;
      },
    };
  }

  async purged(): Promise<readonly SiblingReceipt[]> {
    return [];
  }

  fetched(slot: number, outcome: SiblingOutcome, latency: Ms): void {
    if (!(latency >= 0)) throw new Error(`${latency} ms`);
    this.outcomes.push([slot, outcome]);
  }

  served(address: string, isHit: boolean, bytes: number): void {
    this.servings.push([address, isHit, bytes]);
  }
}

/** One peer, in row 0, which `answer` plays. */
export function scriptedPeers(asked: Siblings, answer: (call: ScriptedCall) => void, timeout: Ms): SiblingPeers {
  const send = (request: OriginRequest, replies: OriginReplies) => {
    const call = new ScriptedCall(request, replies);
    queueMicrotask(() => {
      if (!call.isCancelled) answer(call);
    });
    return call;
  };
  const peer = (slot: number) => (slot === 0 ? { name: 'edge-2', send } : undefined);
  return { asked, timeout, peer } as Partial<SiblingPeers> as SiblingPeers;
}
