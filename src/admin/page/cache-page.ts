import type { TierSummary } from '../api/context.ts';
import type { CacheSeries } from './cache-series.ts';
import { bytes, counted, grouped, share } from './figures.ts';
import type { Fields } from './forms.ts';
import { cacheGraph, hitRatioGraph } from './graphs.ts';
import { type Html, html } from './html.ts';
import { PURGE_PATH } from './paths.ts';
import type { View } from './view.ts';

/** `/cache`: what it holds, and what it answered. */
export function cachePage(view: View, series: CacheSeries, fields: Fields): Html {
  const { source, now } = view;
  const { cache } = source.status();
  if (cache === undefined)
    return html`<h1 class="title">Cache</h1><p class="empty">This node has no cache (cache: off).</p>`;
  const { hits, forwards, memory, disk } = cache;
  const asked = hits + forwards;
  const purged = /^\d{1,6}$/.exec(fields.get('purged') ?? '')?.[0];
  return html`<div class="heading"><h1 class="title">Cache</h1>${
    view.mayOperate &&
    source.purge !== undefined &&
    html`<form method="get" action="${PURGE_PATH}" data-dialog><button>Purge…</button></form>`
  }</div>
${purged !== undefined && html`<p class="quiet">Done: ${counted(Number(purged), 'purge')}.</p>`}
<dl class="figures of-node">
<div><dt>Hits, since the start</dt><dd>${share(asked > 0 ? hits / asked : undefined)}</dd></div>
<div><dt>Hits</dt><dd>${grouped(hits)}</dd></div>
<div><dt>Misses</dt><dd>${grouped(forwards)}</dd></div>
</dl>
<div class="graphs">${cacheGraph(series.points, now)}${hitRatioGraph(series.points, now)}</div>
<section class="tiers"><table class="plain"><caption class="for-readers">Tiers</caption><thead><tr><th scope="col">Tier</th><th scope="col" class="figure">Objects</th><th scope="col" class="figure">Bytes</th><th scope="col" class="figure">of</th><th scope="col" class="figure">Full</th><th scope="col" class="figure">Evictions</th></tr></thead>
<tbody>${tierRow('Memory', memory)}${disk !== undefined && tierRow('Disk', disk)}</tbody></table>
`;
}

function tierRow(name: string, { objects, bytes: size, capacity, evictions }: TierSummary): Html {
  const full = capacity > 0 ? size / capacity : undefined;
  return html`<tr data-key="tier ${name}"><th scope="row">${name}</th><td class="figure">${grouped(objects)}</td><td class="figure">${bytes(size)}</td><td class="figure">${bytes(capacity)}</td><td class="figure">${share(full)}</td><td class="figure">${grouped(evictions)}</td></tr>`;
}
