import type { Destination } from '../../geodns/inquiry/destinations.ts';
import type { DnsPort } from '../api/dns-port.ts';
import type { Fields } from './forms.ts';
import { type Html, html } from './html.ts';
import { DNS_PATH } from './paths.ts';
import { shape } from './shapes.ts';

const LONGEST = 64;

/** Where a client is sent: asked by a form that changes nothing, and followed as long as the page is open. */
export function destinationsBox(port: DnsPort, fields: Fields): Html {
  const client = (fields.get('client') ?? '').trim().slice(0, LONGEST);
  return html`<section class="packets" data-key="destinations"><h2 class="title">Where a client is sent</h2>
<form method="get" action="${DNS_PATH}" role="search" aria-label="Where a client is sent"><label class="field short"><span>Address or network</span>
<input name="client" size="24" maxlength="${LONGEST}" autocomplete="off" spellcheck="false" placeholder="198.51.100.7" value="${client}"> <button>Look up</button></label></form>
${client !== '' && result(client, port.destinations(client))}</section>`;
}

function result(client: string, destinations: readonly Destination[] | undefined): Html {
  if (destinations === undefined) {
    return html`<p class="note problem">${shape('warning')}<span>Expected an address or a network such as 198.51.100.7 or 2001:db8::/56, got ${client}</span></p>`;
  }
  if (destinations.length === 0) return html`<p class="quiet">No record has another answer for some clients.</p>`;
  return html`<dl class="facts">${destinations.map(
    ({ map, order, chosen, net }) =>
      html`<div data-key="map ${map}"><dt>${map}</dt><dd><b>${chosen.length === 0 ? 'no answer' : chosen.join(', ')}</b> <span class="quiet">${
        net === undefined ? 'for all clients' : `for clients in ${net}`
      }${order.length > 1 && ` · in the order ${order.join(', ')}`}</span></dd></div>`,
  )}</dl>`;
}
