import type { InspectColor } from 'node:util';
import { type OriginReply, since } from './replies.ts';
import type { Cell } from './table.ts';
import { share, span } from './words.ts';

/** An origin's state in a word, and why it is not simply up. */

const STYLES: Readonly<Record<string, InspectColor>> = {
  active: 'green',
  warming: 'green',
  standby: 'cyan',
  spare: 'cyan',
  draining: 'yellow',
  drained: 'yellow',
  maint: 'yellow',
  stopped: 'yellow',
  removing: 'yellow',
  down: 'red',
};

/** Those that take requests, or would when it is their turn. */
const USABLE = new Set(['active', 'warming', 'standby', 'spare']);

export function isUsable({ effective }: OriginReply): boolean {
  return USABLE.has(effective);
}

/** Whether somebody who looks for trouble wants to see it. */
export function isUnusual(origin: OriginReply): boolean {
  return !isUsable(origin) || isUnwell(origin) || overridden(origin).length > 0;
}

export function stateCell({ effective }: OriginReply): Cell {
  const style = STYLES[effective];
  return style === undefined ? effective : { text: effective, style };
}

export function healthCell(origin: OriginReply): Cell {
  if (isEjected(origin)) return { text: 'ejected', style: 'red' };
  return isUnwell(origin) ? { text: healthName(origin), style: 'red' } : healthName(origin);
}

/** What health says first, as nobody decided that; then who decided what, and why. */
export function whyOf(origin: OriginReply): string {
  return [...healthReasons(origin), ...drainReasons(origin), ...overrideReasons(origin)].join('; ');
}

function healthReasons(origin: OriginReply): string[] {
  const left = untilEnd(origin.ejectedUntil);
  const ejected = isEjected(origin)
    ? [`ejected, as requests failed${left === undefined ? '' : `: ${left} to go`}`]
    : [];
  if (origin.health !== 'down' && origin.health !== 'checking') return ejected;
  const time = since(origin.healthSince);
  const what = `${origin.health}${time === undefined ? '' : ` for ${span(time)}`}`;
  const problem = origin.problem ?? '';
  return [problem === '' ? what : `${what}: ${problem}`, ...ejected];
}

function drainReasons({ drain, inFlight }: OriginReply): string[] {
  if (drain === undefined || drain === null || drain.drained === true) return [];
  const left = untilEnd(drain.deadline);
  return [`${inFlight} in flight${left === undefined ? '' : `, ${left} to the deadline`}`];
}

function overrideReasons(origin: OriginReply): string[] {
  const { override } = origin;
  if (override === undefined || override === null) return [];
  const time = since(override.since);
  const left = untilEnd(override.expires);
  const when = [time === undefined ? '' : `for ${span(time)}`, left === undefined ? '' : `${left} to go`];
  const what = overridden(origin).join(', ');
  const who = [`${what === '' ? '' : `${what} `}by ${override.by}`, ...when.filter((text) => text !== '')].join(', ');
  return [override.reason === undefined || override.reason === '' ? who : `${who}: ${override.reason}`];
}

/** What else somebody set than whether it takes requests, which its state tells: `weight 5`, `health forcedDown`. */
function overridden({ override }: OriginReply): string[] {
  const values = Object.entries(override?.values ?? {}).filter(([name]) => name !== 'admin');
  return values.map(([name, value]) => (value === true ? name : `${name} ${said(value)}`));
}

/** A slow start is `{ duration: '30s' }`. */
function said(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(' ') : String(value);
}

function isEjected({ ejectedUntil }: OriginReply): boolean {
  return ejectedUntil !== undefined && ejectedUntil !== null;
}

function isUnwell(origin: OriginReply): boolean {
  return isEjected(origin) || ['down', 'checking', 'forcedDown'].includes(origin.health);
}

/** `unknown` would sound like trouble: nobody checks it, and that is all. */
function healthName({ health }: OriginReply): string {
  if (health === 'unknown') return 'unchecked';
  return health === 'forcedDown' ? 'forced down' : health;
}

function untilEnd(time: string | null | undefined): string | undefined {
  const at = time === undefined || time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? undefined : span(Math.max(0, at - Date.now()));
}

export function errorsCell({ errors }: OriginReply): Cell {
  if (errors === undefined) return '–';
  return errors > 0 ? { text: share(errors), style: 'red' } : share(errors);
}
