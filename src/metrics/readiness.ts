import type { Page } from './gather.ts';

/** Whether the node lives (`/healthz`), and whether it wants traffic (`/readyz`): for load balancers and supervisors. */

/** What control knows of itself. */
export interface NodeFacts {
  /** Worker threads that there should be, and that serve the newest generation. */
  readonly workers: number;
  readonly serving: number;
  /** It was told to stop, and lets what runs end. */
  readonly stopping: boolean;
  /** An operator wants traffic to go elsewhere. */
  readonly draining: boolean;
  /** Addresses that are listened on. */
  readonly listeners: number;
}

export type NotReady = 'not-started' | 'stopping' | 'draining' | 'no-workers';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in stable words. */
  readonly reasons: readonly NotReady[];
}

/** A node with some of its workers dead serves on with the others. */
export function readiness({ serving, stopping, draining, listeners }: NodeFacts): Readiness {
  const reasons: NotReady[] = [];
  if (stopping) reasons.push('stopping');
  if (draining) reasons.push('draining');
  if (listeners === 0) reasons.push('not-started');
  else if (serving === 0) reasons.push('no-workers');
  return { ready: reasons.length === 0, reasons };
}

/** That there is an answer says it all. */
export function healthzPage(): Page {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok\n' };
}

export function readyzPage(facts: NodeFacts): Page {
  const { ready, reasons } = readiness(facts);
  const body = { ready, reasons, workers: { configured: facts.workers, serving: facts.serving } };
  return { status: ready ? 200 : 503, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
