import type { OperatorEvent } from '../../operator/commands.ts';
import type { VrrpPort } from '../api/vrrp-port.ts';
import { ADDRESS_HEADS, addressRow } from './address-row.ts';
import { eventList } from './event-list.ts';
import { counted } from './figures.ts';
import type { Following } from './following.ts';
import { type Html, html } from './html.ts';
import { banner } from './layout.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

/** `/addresses`: the addresses that this node shares with others, who has them, and why. */
export function addressesPage(view: View, following: Following): Html {
  const port = view.source.vrrp?.();
  if (port === undefined) {
    return html`<h1 class="title">Addresses</h1><p class="empty">This node shares no addresses (vrrp: off).</p>`;
  }
  return html`<h1 class="title">Addresses</h1>
${instances(port, view)}
${agent(port)}
<section data-key="events"><h2 class="title">What happened</h2>${eventList(following.newest(20, isOfAddresses), view.now)}</section>`;
}

function instances(port: VrrpPort, view: View): Html {
  const all = port.instances();
  const { ready, answers } = port.agent();
  const active = all.filter(({ role }) => role === 'active').length;
  return html`<section class="pool" data-key="instances"><header><h2 class="title">Shared addresses</h2>
<p class="about"><span>${active} of ${all.length} active here</span></p></header>
${
  !ready &&
  banner(
    'bad',
    html`<strong>The process that has the addresses ${answers ? 'died' : 'does not answer'}.</strong> The kernel takes them away by itself, so that another node has them; it is started again.`,
  )
}
${
  all.length === 0
    ? html`<p class="empty">Nothing is told of them now.</p>`
    : table(
        all.map((each) => addressRow(each, view)),
        view,
      )
}
</section>`;
}

function table(rows: readonly Html[], { mayOperate }: View): Html {
  return html`<table role="table" class="origins instances" aria-label="Shared addresses">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="state-cell">State</th><th role="columnheader" scope="col">Instance</th>${ADDRESS_HEADS.map(
    (head) => html`<th role="columnheader" scope="col" class="figure">${head}</th>`,
  )}${mayOperate && html`<th role="columnheader" scope="col" class="actions"><span class="for-readers">Actions</span></th>`}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

function agent(port: VrrpPort): Html {
  const { ready, answers, deaths, realTime } = port.agent();
  return html`<section class="packets" data-key="agent"><h2 class="title">Process</h2>
<dl class="facts"><div><dt>State</dt><dd>${ready ? 'ready' : answers ? 'away' : 'silent'}, ${counted(deaths, 'death')} since the start</dd></div></dl>
${
  realTime !== undefined &&
  html`<p class="note quiet" data-key="real-time">${shape('warning')}<span>It does not run in real time: on a busy machine advertisements may be late (${realTime})</span></p>`
}</section>`;
}

function isOfAddresses({ type }: OperatorEvent): boolean {
  return type.startsWith('vrrp-') || type === 'node-changed';
}
