import type { DatacenterState, DnsCounters } from '../api/dns-port.ts';
import { datacenterProblem, datacenterWords, healthWords, locationWords } from './datacenter-words.ts';
import { figure } from './figure-cell.ts';
import { clock, duration, grouped, milliseconds, percent, timestamp } from './figures.ts';
import { type Html, html } from './html.ts';
import { DNS_PATH, datacenterAnchor, datacenterPath } from './paths.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

export const DATACENTER_HEADS = ['Check, ms', 'TTL limit, s', 'Answers', 'Share, %'] as const;

/** One datacenter in the table of all. On a phone, a card, as an origin is. */
export function datacenterRow(datacenter: DatacenterState, answers: DnsCounters['answers'], view: View): Html {
  const { name, own, location, addresses, observed, ttlLimit } = datacenter;
  const { word, tone, shape: sign } = datacenterWords(datacenter);
  const count = answers[name] ?? 0;
  const all = Object.values(answers).reduce((sum, each) => sum + each, 0);
  const values = [
    figure('Check, ms', milliseconds(observed.last?.took)),
    figure('TTL limit, s', ttlLimit === undefined ? '–' : grouped(ttlLimit)),
    figure('Answers', grouped(count)),
    figure('Share, %', all === 0 ? '–' : percent(count / all)),
  ];
  return html`<tr role="row" class="origin datacenter ${tone}" id="${datacenterAnchor(name)}" data-key="datacenter ${name}" data-say="Datacenter ${name}: ${word}">
<td role="cell" class="state-cell"><span class="state ${tone}">${shape(sign)}<span>${word}</span></span></td>
<th role="rowheader" scope="row" class="name-cell"><a class="name" href="${datacenterPath(name)}" data-dialog>${name}</a> <span class="url">${addresses.join(', ')}</span>${
    own && html` <span class="chip">this node</span>`
  }${location !== undefined && html` <span class="chip">${locationWords(location)}</span>`}
${notes(datacenter, view)}</th>
${values}
${view.mayOperate && html`<td role="cell" class="actions">${actions(datacenter)}</td>`}
</tr>`;
}

function notes(datacenter: DatacenterState, { now }: View): Html {
  const [problem, health] = [datacenterProblem(datacenter, now), healthWords(datacenter, now)];
  return html`${problem !== undefined && html`<span class="note problem" data-key="problem">${shape('warning')}<span>${problem}</span></span>`}
${health !== undefined && html`<span class="note quiet" data-key="health"><span>${health}</span></span>`}
${wordNote(datacenter, now)}`;
}

function wordNote({ word }: DatacenterState, now: number): Html | undefined {
  if (word === undefined) return undefined;
  const { by, source, reason, since, expires } = word;
  const ends = expires === undefined ? undefined : html` · ends in ${duration(expires - now)}`;
  return html`<span class="note quiet" data-key="word"><span>by <b class="said-by">${by}</b>${
    source !== 'page' && ` (${source})`
  } at <time datetime="${timestamp(since)}">${clock(since, now)}</time>, ${duration(now - since)} ago${ends}${
    reason !== '' ? html` · <q>${reason}</q>` : ' · no reason given'
  }</span></span>`;
}

/** The likeliest one, and the way to all others. Both lead to a form, and nothing is done before that is sent. */
function actions({ name, word }: DatacenterState): Html {
  const first = word === undefined ? { to: 'drain', text: 'Drain' } : { to: 'active', text: 'Enable' };
  return html`<form method="get" action="${datacenterPath(name)}" data-dialog><input type="hidden" name="back" value="${DNS_PATH}"><button data-key="first" name="to" value="${first.to}" aria-label="${first.text} ${name}">${first.text}…</button><button data-key="more" aria-label="More of ${name}">More…</button></form>`;
}
