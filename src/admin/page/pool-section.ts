import type { PoolState } from '../../operator/model.ts';
import { clock, counted, duration, grouped, number, share, span } from './figures.ts';
import { type Html, html } from './html.ts';
import { banner } from './layout.ts';
import { originRow } from './origin-row.ts';
import { maintenancePath, poolPath } from './paths.ts';
import { isUsable } from './states.ts';
import type { View } from './view.ts';

/** One pool: how it is, and its origins. */
export function poolSection(pool: PoolState, view: View, level: 'h1' | 'h2'): Html {
  const { name, balance, sticky, origins } = pool;
  const usable = origins.filter(isUsable).length;
  const link = html`<a href="${poolPath(name)}">${name}</a>`;
  const title =
    level === 'h1'
      ? html`<h1 class="title"><span class="quiet">Pool</span> ${name}</h1>`
      : html`<h2 class="title">${link}</h2>`;
  return html`<section class="pool" data-key="pool ${name}" id="${encodeURIComponent(name)}">
<header>${title}
<p class="about"><span>${usable} of ${counted(origins.length, 'origin')} usable</span> <span>${balance}</span>${
    sticky !== undefined && html` <span>sticky by ${sticky}</span>`
  }</p>
${poolFigures(pool, view)}
${view.mayOperate && maintenanceButton(pool, view)}</header>
${banners(pool, view)}
${origins.length === 0 ? html`<p class="empty">No origins. Requests to this pool get the splash page.</p>` : table(pool, view)}
</section>`;
}

function poolFigures({ name, origins, queued }: PoolState, { source }: View): Html {
  const { requests, errors, latency } = source.traffic.rate({ kind: 'pool', pool: name });
  const inFlight = origins.reduce((sum, { traffic }) => sum + traffic.inFlight, 0);
  return html`<dl class="figures">
<div><dt>Requests/s</dt><dd>${number(requests)}</dd></div>
<div><dt>In flight</dt><dd>${grouped(inFlight)}</dd></div>
<div><dt>Latency</dt><dd>${span(latency)}</dd></div>
<div><dt>Errors</dt><dd>${share(errors)}</dd></div>
<div${queued > 0 && html` class="bad"`}><dt>In the queue</dt><dd>${grouped(queued)}</dd></div>
</dl>`;
}

function maintenanceButton({ name, maintenance }: PoolState, { path }: View): Html {
  const text = maintenance === undefined ? 'Maintenance…' : 'End maintenance…';
  return html`<form method="get" action="${maintenancePath(name)}" class="pool-actions" data-dialog><input type="hidden" name="back" value="${path}"><button data-key="maintenance" aria-label="${text.replace('…', '')} of pool ${name}">${text}</button></form>`;
}

function banners({ name, panic, maintenance, origins }: PoolState, { now }: View): Html {
  // During maintenance nothing is sent to them.
  const isOut = maintenance === undefined && origins.length > 0 && !panic && !origins.some(isUsable);
  return html`${
    maintenance !== undefined &&
    banner(
      'hand',
      html`<strong>Maintenance page.</strong> All requests to ${name} are answered by it, by <b class="said-by">${maintenance.by}</b> since ${clock(maintenance.since, now)}, ${duration(now - maintenance.since)}${
        maintenance.reason !== '' && html` · <q>${maintenance.reason}</q>`
      }. Clients are told to come again after ${duration(maintenance.retryAfter * 1000)}.`,
    )
  }${
    panic &&
    banner(
      'bad',
      html`<strong>Panic.</strong> Every origin of ${name} is down, and all are tried all the same: better a slow answer than none.`,
    )
  }${isOut && banner('bad', html`<strong>No usable origin.</strong> Requests to ${name} wait, or get the splash page.`)}`;
}

const HEADS = ['Requests/s', 'In flight', 'Latency, ms', 'Errors, %', 'Weight'] as const;

function table(pool: PoolState, view: View): Html {
  return html`<table role="table" class="origins" aria-label="Origins of ${pool.name}">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="state-cell">State</th><th role="columnheader" scope="col">Origin</th>${HEADS.map(
    (head) => html`<th role="columnheader" scope="col" class="figure">${head}</th>`,
  )}${view.mayOperate && html`<th role="columnheader" scope="col" class="actions"><span class="for-readers">Actions</span></th>`}</tr></thead>
<tbody role="rowgroup">${pool.origins.map((origin) => originRow(origin, pool, view))}</tbody></table>`;
}
