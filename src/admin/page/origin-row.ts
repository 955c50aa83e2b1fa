import type { OriginState, PoolState } from '../../operator/model.ts';
import { figure, isMany } from './figure-cell.ts';
import { clock, duration, grouped, milliseconds, number, percent, timestamp } from './figures.ts';
import { type Html, html } from './html.ts';
import { anchorOf, originPath } from './paths.ts';
import { shape } from './shapes.ts';
import { drainWords, healthProblem, stateOf } from './states.ts';
import type { View } from './view.ts';

/** One origin in the table of its pool. On a phone, a card: cells say then what they are by `data-label`. */
export function originRow(origin: OriginState, pool: PoolState, view: View): Html {
  const { rate, errors, latency, inFlight } = origin.traffic;
  const words = stateOf(origin);
  const drain = drainWords(origin, pool, view.now);
  const said = `${origin.id} of ${origin.pool}: ${words.word}${drain?.isDone ? ', nothing in flight: safe to stop' : ''}`;
  return html`<tr role="row" class="origin ${words.tone}" id="${anchorOf(origin)}" data-key="${anchorOf(origin)}" data-say="${said}">
<td role="cell" class="state-cell"><span class="state ${words.tone}">${shape(words.shape)}<span>${words.word}</span></span></td>
<th role="rowheader" scope="row" class="name-cell"><a class="name" href="${originPath(origin)}?back=${view.path}" data-dialog>${origin.id}</a> <span class="url">${origin.configured.url}</span>${chips(origin)}
${notes(origin, pool, view)}</th>
${figure('Requests/s', number(rate))}
${figure('In flight', grouped(inFlight))}
${figure('Latency, ms', milliseconds(latency))}
${figure('Errors, %', percent(errors), isMany(errors))}
${figure('Weight', weightOf(origin))}
${view.mayOperate && html`<td role="cell" class="actions">${actions(origin, view)}</td>`}
</tr>`;
}

function weightOf({ weight, configured }: OriginState): Html {
  return weight === configured.weight ? html`${weight}` : html`<span class="overridden">${weight}</span>`;
}

function chips({ role, set, ignoreErrors }: OriginState): Html {
  const texts = [role !== 'primary' && role, set > 0 && `set ${set}`, ignoreErrors && 'errors ignored'];
  return html`${texts.map((text) => text !== false && html` <span class="chip">${text}</span>`)}`;
}

/** What has to be known beside the figures: who wanted it so and why, how far it is, and what is wrong. */
function notes(origin: OriginState, pool: PoolState, view: View): Html {
  const problem = healthProblem(origin, view.now);
  return html`${problem !== undefined && html`<span class="note problem">${shape('warning')}<span>${problem}</span></span>`}
${drainNote(origin, pool, view)}
${overrideNote(origin, view)}`;
}

function drainNote(origin: OriginState, pool: PoolState, { now, peaks }: View): Html | undefined {
  const words = drainWords(origin, pool, now);
  const most = peaks.of(origin);
  if (words === undefined) return undefined;
  if (words.isDone)
    return html`<span class="note done" data-key="drain">${shape('check')}<span>${words.text}</span></span>`;
  const { inFlight } = origin.traffic;
  return html`<span class="note" data-key="drain"><progress max="${Math.max(1, most)}" value="${most - inFlight}" aria-label="Drained so far"></progress><span>${words.text}</span></span>`;
}

function overrideNote({ override, weight, configured }: OriginState, { now }: View): Html | undefined {
  if (override === undefined) return undefined;
  const { by, source, reason, since, expires } = override;
  const isWeighted = weight !== configured.weight;
  const ends = expires === undefined ? undefined : html` · ends in ${duration(expires - now)}`;
  return html`<span class="note quiet" data-key="override"><span>${isWeighted && `weight ${configured.weight} in the file · `}by <b class="said-by">${by}</b>${
    source !== 'page' && ` (${source})`
  } at <time datetime="${timestamp(since)}">${clock(since, now)}</time>, ${duration(now - since)} ago${ends}${
    reason !== '' ? html` · <q>${reason}</q>` : ' · no reason given'
  }</span></span>`;
}

/** The likeliest one, and the way to all others. Both lead to a form, and nothing is done before that is sent. */
function actions(origin: OriginState, { path }: View): Html {
  const { id, admin, effective } = origin;
  const first = admin === 'active' ? { to: 'drain', name: 'Drain' } : { to: 'active', name: 'Enable' };
  return html`<form method="get" action="${originPath(origin)}" data-dialog><input type="hidden" name="back" value="${path}">${
    effective !== 'removing' &&
    html`<button data-key="first" name="to" value="${first.to}" aria-label="${first.name} ${id}">${first.name}…</button>`
  }<button data-key="more" aria-label="More of ${id}">More…</button></form>`;
}
