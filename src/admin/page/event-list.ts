import type { Ms } from '../../base/units.ts';
import type { AuditRecord, OperatorEvent } from '../../operator/commands.ts';
import { changeOf, eventWords } from './event-words.ts';
import { clock, timestamp } from './figures.ts';
import { type Html, html } from './html.ts';
import { poolPath } from './paths.ts';
import { shape } from './shapes.ts';
import type { Tone } from './states.ts';

/** Each step of a drain would push out of the list what matters. */
export function isNoise({ type }: OperatorEvent): boolean {
  return type === 'drain-progress';
}

const SHAPE_OF = {
  good: 'disc',
  bad: 'cross',
  hand: 'bars',
  'under-way': 'half',
  quiet: 'ring',
} as const satisfies Record<Tone, string>;

/** Newest first. */
export function eventList(events: readonly OperatorEvent[], now: Ms): Html {
  if (events.length === 0) return html`<p class="empty">Nothing happened since this node started.</p>`;
  return html`<ol class="happenings">${events.map((event) => {
    const { text, by, reason, tone } = eventWords(event, now);
    const { number, time, pool, origin } = event;
    return html`<li data-key="event ${number}"><time datetime="${timestamp(time)}">${clock(time, now)}</time><span class="state ${tone}">${shape(SHAPE_OF[tone])}</span><span class="what">${
      pool !== undefined && html`<a href="${poolPath(pool)}">${origin === undefined ? pool : `${pool}/${origin}`}</a> `
    }${text}${by !== undefined && html` · by <b class="said-by">${by}</b>`}${reason !== undefined && html` · <q>${reason}</q>`}</span></li>`;
  })}</ol>`;
}

/** Newest first. */
export function auditList(records: readonly AuditRecord[], now: Ms): Html {
  if (records.length === 0) return html`<p class="empty">Nobody changed anything yet.</p>`;
  return html`<ol class="happenings">${records.map(
    ({ number, time, actor, source, address, action, target, reason, refused, before, after }) =>
      html`<li data-key="audit ${number}"><time datetime="${timestamp(time)}">${clock(time, now)}</time><span class="state ${
        refused === undefined ? 'hand' : 'bad'
      }">${shape(refused === undefined ? 'check' : 'cross')}</span><span class="what"><b class="said-by">${actor}</b> <span class="quiet">${source}${
        address !== undefined && ` from ${address}`
      }</span> · ${action} · ${target}${refused !== undefined && html` · <strong>refused: ${refused}</strong>`}${
        reason !== '' && html` · <q>${reason}</q>`
      }${after !== undefined && html`<span class="change">${changeOf(before, after)}</span>`}</span></li>`,
  )}</ol>`;
}
