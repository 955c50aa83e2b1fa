import type { Fraction, Ms } from '../base/units.ts';
import type { Observed } from './observed.ts';

/**
 * What is held of one origin, and what changes it: a function of what was held, what happened, and when.
 *
 *     checks      checking ──good──▸ up ──`fall` bad──▸ down ──`rise` good──▸ up
 *                 checking ──`fall` bad──▸ down
 *     requests    in ──failing──▸ ejected ──time──▸ trial ──one succeeded──▸ in
 *                                    ▴───────────────┘ one failed: longer than before
 *     warming     begins when it comes back by either, or is enabled; ends with time
 *
 * The two are held apart: a good check does not end an ejection, as what answers checks may fail requests all the same;
 * and an ejection's time goes on while checks say down.
 */

/** What of a pool's settings decides. */
export interface Rules {
  /** `undefined`: it is not checked. */
  readonly checks: { readonly rise: number; readonly fall: number; readonly initial: 'checking' | 'up' } | undefined;
  /** `undefined`: it is never ejected. */
  readonly ejection: { readonly first: Ms; readonly longest: Ms } | undefined;
  /** 0: it has its whole share at once. */
  readonly slowStart: Ms;
}

export interface Judgement {
  readonly health: Observed['health'];
  /** It is up by checks of the time before it was enabled. */
  readonly unproven: boolean;
  readonly since: Ms;
  /** Checks in a row that speak against `health`. */
  readonly against: number;
  readonly problem: string | undefined;
  readonly service: Service;
  /** It warms up once it is up: it was down, or is new to a node that runs. */
  readonly cold: boolean;
  /** When it began to warm up; `undefined`: it has. */
  readonly warmingSince: Ms | undefined;
}

/** `times`: how many lengths of the first ejection the last one had. */
export type Service =
  | { readonly kind: 'in'; readonly times: number; readonly since: Ms }
  | { readonly kind: 'ejected'; readonly times: number; readonly until: Ms }
  | { readonly kind: 'trial'; readonly times: number };

export type HealthEvent =
  /** A check has ended; `undefined`: it was good. */
  | { readonly kind: 'checked'; readonly problem: string | undefined }
  /** Requests fail there, and the pool can do without it. */
  | { readonly kind: 'failing'; readonly why: string }
  /** A request succeeded: decides a trial. */
  | { readonly kind: 'succeeded' }
  /** It is not to be ejected any more, for a reason that does not lie with it. */
  | { readonly kind: 'pardoned'; readonly why: string }
  /** An operator put it back. */
  | { readonly kind: 'enabled' }
  /** It is later. */
  | { readonly kind: 'time' };

/** What somebody may want to know, or do. */
export type Action =
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly problem: string }
  | { readonly kind: 'ejected'; readonly why: string; readonly until: Ms }
  /** Its next requests decide: what was counted before does not. */
  | { readonly kind: 'trial' }
  | { readonly kind: 'returned'; readonly why: string };

export interface Judged {
  readonly state: Judgement;
  readonly actions: readonly Action[];
}

/** A share grows by this many steps: each is news to all workers. */
const WARMING_STEPS = 20;

/** `joins`: it is new to a node that runs, and so begins cold. What a node starts with is as warm as it was. */
export function firstJudgement(rules: Rules, joins: boolean, now: Ms): Judgement {
  const health = rules.checks === undefined ? 'unknown' : rules.checks.initial;
  const waits = health === 'checking';
  return {
    health,
    unproven: false,
    since: now,
    against: 0,
    problem: undefined,
    service: { kind: 'in', times: 0, since: now },
    cold: joins && waits,
    warmingSince: joins && !waits ? warmingFrom(rules, now) : undefined,
  };
}

export function judge(state: Judgement, event: HealthEvent, rules: Rules, now: Ms): Judged {
  switch (event.kind) {
    case 'checked':
      if (rules.checks === undefined) return same(state);
      return event.problem === undefined
        ? afterGood(state, rules.checks.rise, rules, now)
        : afterBad(state, event.problem, rules.checks.fall, now);
    case 'failing':
      return ejected(state, event.why, rules, now);
    case 'succeeded':
      if (state.service.kind !== 'trial') return same(state);
      return returned(state, 'a request succeeded', rules, now);
    case 'pardoned':
      if (state.service.kind === 'in') return same(state);
      return returned(state, event.why, rules, now);
    case 'enabled':
      return enabled(state, rules, now);
    case 'time':
      return afterTime(state, rules, now);
  }
}

/**
 * What is held under new rules: what was found out stays, as the origin is the same. One that is in service without
 * checks stays there when it is to be checked from now on, until checks take it out.
 */
export function underNewRules(state: Judgement, rules: Rules, now: Ms): Judged {
  const { state: later, actions } = afterTime(asChecked(state, rules, now), rules, now);
  if (rules.ejection !== undefined || later.service.kind === 'in') return { state: later, actions };
  return returned(later, 'origins of its pool are not ejected any more', rules, now);
}

export function observed(state: Judgement, rules: Rules, now: Ms): Observed {
  const { health, unproven, since, problem, service } = state;
  return {
    health,
    unproven,
    since,
    problem,
    ejectedUntil: service.kind === 'ejected' ? service.until : undefined,
    trial: service.kind === 'trial',
    warmth: warmth(state, rules, now),
  };
}

/** When time alone changes something; `undefined`: it does not. */
export function wakeAt({ service, warmingSince }: Judgement, { slowStart }: Rules, now: Ms): Ms | undefined {
  const ends = service.kind === 'ejected' ? service.until : undefined;
  if (warmingSince === undefined) return ends;
  const step = slowStart / WARMING_STEPS;
  const grows = warmingSince + (stepsSince(warmingSince, slowStart, now) + 1) * step;
  return ends === undefined ? grows : Math.min(ends, grows);
}

/** Never 0: it would not get any request to warm up by. */
function warmth({ warmingSince }: Judgement, { slowStart }: Rules, now: Ms): Fraction {
  if (warmingSince === undefined || slowStart === 0) return 1;
  return Math.min(1, Math.max(1, stepsSince(warmingSince, slowStart, now)) / WARMING_STEPS);
}

/** Whole steps; the small addition is for what division leaves short of one. */
function stepsSince(since: Ms, slowStart: Ms, now: Ms): number {
  return Math.max(0, Math.floor(((now - since) * WARMING_STEPS) / slowStart + 1e-6));
}

function asChecked(state: Judgement, rules: Rules, now: Ms): Judgement {
  if ((rules.checks === undefined) === (state.health === 'unknown')) return state;
  const health = rules.checks === undefined ? 'unknown' : 'up';
  // One that was down is in service from now on.
  const warmingSince = state.cold ? warmingFrom(rules, now) : state.warmingSince;
  return { ...state, health, unproven: false, since: now, against: 0, problem: undefined, cold: false, warmingSince };
}

function afterGood(state: Judgement, rise: number, rules: Rules, now: Ms): Judged {
  if (state.health === 'up') return same({ ...state, unproven: false, against: 0, problem: undefined });
  const against = state.against + 1;
  // Nobody has said anything against one that is checked for the first time.
  if (state.health === 'down' && against < rise) return same({ ...state, against });
  const warmingSince = state.cold ? warmingFrom(rules, now) : undefined;
  const up = { health: 'up', since: now, against: 0, problem: undefined, cold: false, warmingSince } as const;
  return { state: { ...state, ...up }, actions: [{ kind: 'up' }] };
}

function afterBad(state: Judgement, problem: string, fall: number, now: Ms): Judged {
  if (state.health === 'down') return same({ ...state, against: 0, problem });
  // Of one that is `checking`, good checks would be against it; but the first of those ends that.
  const against = state.against + 1;
  if (against < fall) return same({ ...state, against, problem });
  const down = { health: 'down', unproven: false, since: now, against: 0, problem } as const;
  return { state: { ...state, ...down, cold: true, warmingSince: undefined }, actions: [{ kind: 'down', problem }] };
}

function ejected(state: Judgement, why: string, { ejection }: Rules, now: Ms): Judged {
  const { health, service } = state;
  const isOut = health === 'down' || health === 'checking' || service.kind === 'ejected';
  if (ejection === undefined || isOut) return same(state);
  // Time served well makes the next one shorter: by one for each length of the first.
  const served = service.kind === 'in' ? Math.max(0, Math.floor((now - service.since) / ejection.first)) : 0;
  const most = Math.ceil(ejection.longest / ejection.first);
  const times = Math.min(most, Math.max(0, service.times - served) + 1);
  const until = now + Math.min(times * ejection.first, ejection.longest);
  return {
    state: { ...state, service: { kind: 'ejected', times, until }, warmingSince: undefined },
    actions: [{ kind: 'ejected', why, until }],
  };
}

function returned(state: Judgement, why: string, rules: Rules, now: Ms): Judged {
  const { times } = state.service;
  // One that is down warms up when it is up again.
  const warmingSince = state.cold ? undefined : warmingFrom(rules, now);
  return {
    state: { ...state, service: { kind: 'in', times, since: now }, warmingSince },
    actions: [{ kind: 'returned', why }],
  };
}

/** What failed before the operator had it in hand says nothing of what it is now. */
function enabled(state: Judgement, rules: Rules, now: Ms): Judged {
  const waits = state.health === 'down' || state.health === 'checking';
  const fresh: Judgement = {
    ...state,
    unproven: state.health === 'up',
    service: { kind: 'in', times: 0, since: now },
    cold: waits,
    warmingSince: waits ? undefined : warmingFrom(rules, now),
  };
  const wasOut = state.service.kind !== 'in';
  return { state: fresh, actions: wasOut ? [{ kind: 'returned', why: 'it was enabled' }] : [] };
}

function afterTime(state: Judgement, rules: Rules, now: Ms): Judged {
  const isWarm = warmth(state, rules, now) === 1;
  const warmer = isWarm && state.warmingSince !== undefined ? { ...state, warmingSince: undefined } : state;
  if (warmer.service.kind !== 'ejected' || now < warmer.service.until) return same(warmer);
  const { times } = warmer.service;
  return { state: { ...warmer, service: { kind: 'trial', times } }, actions: [{ kind: 'trial' }] };
}

function warmingFrom({ slowStart }: Rules, now: Ms): Ms | undefined {
  return slowStart === 0 ? undefined : now;
}

function same(state: Judgement): Judged {
  return { state, actions: [] };
}
