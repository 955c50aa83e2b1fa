import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import { offeredOf } from './address-actions.ts';
import { addressWords, droppedCount, droppedWords, heardWords, maintenanceWords } from './address-words.ts';
import { figure } from './figure-cell.ts';
import { clock, duration, grouped, timestamp } from './figures.ts';
import { type Html, html } from './html.ts';
import { ADDRESSES_PATH, addressAnchor, addressPath } from './paths.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

export const ADDRESS_HEADS = ['Priority', 'Changes', 'Sent', 'Received', 'Dropped'] as const;

/** One instance in the table of all. On a phone, a card, as an origin is. */
export function addressRow(instance: InstanceStatus, view: View): Html {
  const { name, addresses, interface: place, vrid, priority, transitions, sent, received } = instance;
  const { word, tone, shape: sign } = addressWords(instance);
  const dropped = droppedCount(instance);
  const values = [
    figure('Priority', grouped(priority)),
    figure('Changes', grouped(transitions)),
    figure('Sent', grouped(sent)),
    figure('Received', grouped(received)),
    figure('Dropped', grouped(dropped), droppedWords(instance, view.now) !== undefined),
  ];
  return html`<tr role="row" class="origin instance ${tone}" id="${addressAnchor(name)}" data-key="addresses ${name}" data-say="Addresses ${name}: ${word}">
<td role="cell" class="state-cell"><span class="state ${tone}">${shape(sign)}<span>${word}</span></span></td>
<th role="rowheader" scope="row" class="name-cell"><a class="name" href="${addressPath(name)}" data-dialog>${name}</a> <span class="url">${addresses.join(', ')}</span> <span class="chip">${place}</span> <span class="chip">VRID ${vrid}</span>
${notes(instance, view)}</th>
${values}
${view.mayOperate && html`<td role="cell" class="actions">${actions(instance)}</td>`}
</tr>`;
}

function notes(instance: InstanceStatus, { now }: View): Html {
  const { words, since, maintenance } = instance;
  const dropped = droppedWords(instance, now);
  return html`${dropped !== undefined && html`<span class="note problem" data-key="dropped">${shape('warning')}<span>${dropped}</span></span>`}
<span class="note quiet" data-key="words"><span>${words}</span></span>
<span class="note quiet" data-key="heard"><span><time datetime="${timestamp(since)}">${clock(since, now)}</time>, for ${duration(now - since)} · ${heardWords(instance, now)}</span></span>
${
  maintenance !== undefined &&
  html`<span class="note quiet" data-key="maintenance"><span>${maintenanceWords(maintenance)} by <b class="said-by">${maintenance.by}</b>${
    maintenance.why === '' ? ' · no reason given' : html` · <q>${maintenance.why}</q>`
  }</span></span>`
}`;
}

/** The likeliest one, and the way to all others. Both lead to a form, and nothing is done before that is sent. */
function actions(instance: InstanceStatus): Html {
  const { name } = instance;
  const [first] = offeredOf(instance);
  return html`<form method="get" action="${addressPath(name)}" data-dialog><input type="hidden" name="back" value="${ADDRESSES_PATH}">${
    first !== undefined &&
    html`<button data-key="first" name="to" value="${first.to}" aria-label="${first.name} ${name}">${first.name}…</button>`
  }<button data-key="more" aria-label="More of ${name}">More…</button></form>`;
}
