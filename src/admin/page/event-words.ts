import type { Ms } from '../../base/units.ts';
import type { OperatorEvent } from '../../operator/commands.ts';
import { clock, counted } from './figures.ts';
import type { Tone } from './states.ts';

/** An event as a sentence. What it has in `detail` is looked at before it is believed. */
export interface EventWords {
  readonly text: string;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly tone: Tone;
}

type Detail = Readonly<Record<string, unknown>>;

export function eventWords({ type, detail }: OperatorEvent, now: Ms): EventWords {
  const who = { by: textOf(detail.by), reason: textOf(detail.reason) };
  const inFlight = counted(Number(detail.inFlight ?? 0), 'request');
  switch (type) {
    case 'origin-changed':
      return { text: changeWords(detail), ...who, tone: 'hand' };
    case 'origin-health':
      return healthWords(detail);
    case 'origin-ejected': {
      const until = typeof detail.until === 'number' ? `, until ${clock(detail.until, now)}` : '';
      return { text: detail.trial === true ? 'is on trial' : `ejected: requests failed there${until}`, tone: 'bad' };
    }
    case 'origin-returned':
      return { text: detail.trial === true ? 'is on trial, one request at a time' : 'is back', tone: 'good' };
    case 'pool-panic':
      return detail.panic === false
        ? { text: 'panic is over', tone: 'good' }
        : { text: 'panic: every origin is down, all are tried', tone: 'bad' };
    case 'pool-usable':
      return detail.usable === false
        ? { text: 'no usable origin: requests get the splash page', tone: 'bad' }
        : { text: 'an origin is usable again', tone: 'good' };
    case 'drain-progress':
      return { text: `${inFlight} still in flight`, tone: 'under-way' };
    case 'drained':
      return {
        text: detail.final === false ? 'nothing in flight any more' : 'drained: safe to stop',
        tone: 'hand',
      };
    case 'drain-deadline':
      return { text: `deadline: ${inFlight} in flight${detail.cut === true ? ' were cut' : ''}`, tone: 'under-way' };
    case 'override-dropped':
      return {
        text: `${ofDatacenter(detail)}goes by the file again: ${textOf(detail.because) ?? 'it changed'}`,
        tone: 'hand',
      };
    case 'pool-maintenance':
      return { text: detail.on === false ? 'maintenance page ended' : 'maintenance page', ...who, tone: 'hand' };
    case 'node-changed': {
      const isDrained = recordOf(detail.after).admin === 'drain';
      return { text: isDrained ? 'the node drains' : 'the node takes traffic again', ...who, tone: 'hand' };
    }
    case 'datacenter-changed': {
      const [was, is] = [recordOf(detail.before).admin, recordOf(detail.after).admin];
      return { text: `${ofDatacenter(detail)}state ${String(was)} → ${String(is)}`, ...who, tone: 'hand' };
    }
    case 'datacenter-health': {
      const words = healthWords(detail);
      return { ...words, text: `${ofDatacenter(detail)}${words.text}` };
    }
    case 'dns-failing-open':
      return failingOpenWords(detail);
    case 'vrrp-changed': {
      const what = textOf(detail.command);
      return {
        text: `${ofAddresses(detail)}${what === undefined ? 'told' : (COMMANDS[what] ?? what)}`,
        ...who,
        tone: 'hand',
      };
    }
    case 'vrrp-role':
      return roleWords(detail);
    case 'vrrp-alarm':
      return { text: `${ofAddresses(detail)}${textOf(detail.says) ?? 'an alarm'}`, tone: 'bad' };
    case 'vrrp-agent':
      return detail.ready === true
        ? { text: 'the process that has the addresses is there again', tone: 'good' }
        : { text: textOf(detail.says) ?? 'the process that has the addresses died', tone: 'bad' };
    case 'origin-added':
      return { text: 'added', ...who, tone: 'hand' };
    case 'origin-removing':
      return { text: 'is being removed', ...who, tone: 'hand' };
    case 'origin-removed':
      return { text: 'removed', ...who, tone: 'hand' };
    default:
      return { text: `${type.replaceAll('-', ' ')}${rest(detail)}`, ...who, tone: 'quiet' };
  }
}

function healthWords({ from, to, problem }: Detail): EventWords {
  const found = textOf(problem);
  const change = [textOf(from), textOf(to)].filter((each) => each !== undefined).join(' → ');
  const text = [change || 'health changed', found].filter((each) => each !== undefined).join(': ');
  return { text, tone: to === 'up' ? 'good' : to === 'down' ? 'bad' : 'quiet' };
}

function ofDatacenter({ datacenter }: Detail): string {
  return textOf(datacenter) === undefined ? '' : `datacenter ${datacenter}: `;
}

function ofAddresses({ instance }: Detail): string {
  return textOf(instance) === undefined ? '' : `addresses ${instance}: `;
}

const COMMANDS: Readonly<Record<string, string>> = {
  handover: 'to be handed over',
  release: 'released',
  resume: 'resumed',
};

function roleWords(detail: Detail): EventWords {
  const { from, to, because } = detail;
  const why = textOf(because);
  const text = `${ofAddresses(detail)}${String(from)} → ${String(to)}${why === undefined ? '' : `, as ${why}`}`;
  return { text, tone: to === 'active' ? 'good' : to === 'fault' ? 'bad' : 'quiet' };
}

function failingOpenWords({ datacenters, open }: Detail): EventWords {
  const names = Array.isArray(datacenters) ? datacenters.join(', ') : 'some datacenters';
  return open === false
    ? { text: `of ${names} some are in service again`, tone: 'good' }
    : { text: `of ${names} none is in service: answers are given as if all were`, tone: 'bad' };
}

/** What changed, value by value: `admin active → drain`. */
function changeWords({ before, after }: Detail): string {
  const [was, is] = [recordOf(before), recordOf(after)];
  const parts = Object.keys(is)
    .filter((name) => NAMES[name] !== undefined && is[name] !== was[name])
    .map((name) => `${NAMES[name]} ${String(was[name] ?? '–')} → ${String(is[name] ?? '–')}`);
  return parts.length > 0 ? parts.join(', ') : 'changed';
}

const NAMES: Readonly<Record<string, string>> = {
  admin: 'state',
  weight: 'weight',
  role: 'role',
  set: 'set',
  health: 'health',
  ignoreErrors: 'ignores errors',
  route: 'route',
  slowStart: 'slow start, ms',
};

function rest(detail: Detail): string {
  const parts = Object.entries(detail).filter(([name]) => name !== 'by' && name !== 'reason');
  return parts.map(([name, value]) => ` · ${name} ${short(value)}`).join('');
}

/** A value on one line. */
function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** What somebody changed: only what differs, where both are records. */
export function changeOf(before: unknown, after: unknown): string {
  if (!isRecord(before) || !isRecord(after))
    return before === undefined ? short(after) : `${short(before)} → ${short(after)}`;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const parts = differing.map((name) => `${name} ${short(before[name])} → ${short(after[name])}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function recordOf(value: unknown): Detail {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Detail {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
