import type { OperatorEvent } from '../../operator/commands.ts';
import type { DnsPort } from '../api/dns-port.ts';
import { DATACENTER_HEADS, datacenterRow } from './datacenter-row.ts';
import { destinationsBox } from './destinations-box.ts';
import { dnsCounters, dnsFiles, dnsReplies, nameServer } from './dns-sections.ts';
import { eventList } from './event-list.ts';
import type { Following } from './following.ts';
import type { Fields } from './forms.ts';
import { type Html, html } from './html.ts';
import { banner } from './layout.ts';
import type { View } from './view.ts';

/** `/dns`: where clients are sent, what answers are made from, and how many there were. */
export function dnsPage(view: View, following: Following, fields: Fields): Html {
  const port = view.source.dns?.();
  if (port === undefined) {
    return html`<h1 class="title">DNS</h1><p class="empty">This node has no name server (dns: off).</p>`;
  }
  const status = port.status();
  return html`<h1 class="title">DNS</h1>
${dnsCounters(status.counters)}
${datacenters(port, view)}
${destinationsBox(port, fields)}
${dnsFiles(status, view)}
${dnsReplies(status.counters)}
${nameServer(status)}
<section data-key="events"><h2 class="title">What happened</h2>${eventList(following.newest(20, isOfDns), view.now)}</section>`;
}

function datacenters(port: DnsPort, view: View): Html {
  const { answers } = port.status().counters;
  const all = port.datacenters();
  return html`<section class="pool" data-key="datacenters"><header><h2 class="title">Datacenters</h2>
<p class="about"><span>${all.filter(({ effective }) => effective === 'serving').length} of ${all.length} in service</span></p></header>
${port
  .failingOpen()
  .map((choice) =>
    banner(
      'bad',
      html`<strong>Failing open.</strong> Of ${choice.join(', ')} none is in service, and answers are given as if all were: better a way that may work than none.`,
    ),
  )}
${
  all.length === 0
    ? html`<p class="empty">No datacenters are configured.</p>`
    : table(
        all.map((each) => datacenterRow(each, answers, view)),
        view,
      )
}
</section>`;
}

function table(rows: readonly Html[], { mayOperate }: View): Html {
  return html`<table role="table" class="origins" aria-label="Datacenters">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="state-cell">State</th><th role="columnheader" scope="col">Datacenter</th>${DATACENTER_HEADS.map(
    (head) => html`<th role="columnheader" scope="col" class="figure">${head}</th>`,
  )}${mayOperate && html`<th role="columnheader" scope="col" class="actions"><span class="for-readers">Actions</span></th>`}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

function isOfDns({ type, detail }: OperatorEvent): boolean {
  return type === 'dns-failing-open' || typeof detail.datacenter === 'string';
}
