import type { SiblingState } from '../../sibling/state.ts';
import { healthOf } from '../sibling-problems.ts';
import { figure, isMany } from './figure-cell.ts';
import { duration, grouped, milliseconds, percent } from './figures.ts';
import { type Html, html } from './html.ts';
import { shape } from './shapes.ts';
import { kindWords, linkWords, siblingProblem, siblingWords } from './sibling-words.ts';
import type { View } from './view.ts';

export const SIBLING_HEADS = [
  'Round trip, ms',
  'Queries',
  'Hits, %',
  'Timeouts',
  'Fetched',
  'False hits',
  'Served',
] as const;

/** One sibling in the table of all. On a phone, a card, as an origin is. */
export function siblingRow(sibling: SiblingState, view: View): Html {
  const { name, url } = sibling.plan;
  const { roundTrip, queries, hits, timeouts, fetched, falseHits, served } = sibling.account;
  const { word, tone, shape: sign } = siblingWords(sibling);
  const kind = kindWords(sibling);
  const hitRatio = queries === 0 ? '–' : percent(hits / queries);
  const values = [
    figure('Round trip, ms', milliseconds(roundTrip)),
    figure('Queries', grouped(queries)),
    figure('Hits, %', hitRatio),
    figure('Timeouts', grouped(timeouts), isMany(timeouts / Math.max(1, queries))),
    figure('Fetched', grouped(fetched)),
    figure('False hits', grouped(falseHits), isMany(falseHits / Math.max(1, fetched + falseHits))),
    figure('Served', grouped(served)),
  ];
  return html`<tr role="row" class="origin sibling ${tone}" id="${name}" data-key="sibling ${name}" data-say="Sibling ${name}: ${word}">
<td role="cell" class="state-cell"><span class="state ${tone}">${shape(sign)}<span>${word}</span></span></td>
<th role="rowheader" scope="row" class="name-cell"><span class="name">${name}</span> <span class="url">${url}</span>${kind !== undefined && html` <span class="chip">${kind}</span>`}
${notes(sibling, view)}</th>
${values}
</tr>`;
}

function notes(sibling: SiblingState, { now }: View): Html {
  const problem = siblingProblem(sibling, now);
  const link = linkWords(sibling.link, now);
  const { answeredAgo } = sibling.account;
  const isSilent = healthOf(sibling) === 'dead' && answeredAgo !== undefined;
  return html`${problem !== undefined && html`<span class="note problem" data-key="problem">${shape('warning')}<span>${problem}</span></span>`}
${isSilent && html`<span class="note quiet" data-key="answered"><span>Its last answer came ${duration(answeredAgo)} ago</span></span>`}
${link !== undefined && html`<span class="note quiet" data-key="link"><span>${link}</span></span>`}`;
}
