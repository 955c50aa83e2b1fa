import type { TierSummary } from '../api/context.ts';
import type { CacheSeries } from './cache-series.ts';
import { bytes, counted, grouped, share } from './figures.ts';
import { cacheGraph, hitRatioGraph } from './graphs.ts';
import { type Html, html } from './html.ts';
import { CACHE_PATH, PURGE_PATH } from './paths.ts';
import type { Purged } from './purge-page.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

/** `/cache`: what it holds, and what it answered. */
export function cachePage(view: View, series: CacheSeries, fields: URLSearchParams): Html {
  const { source, now } = view;
  const { cache } = source.status();
  if (cache === undefined)
    return html`<h1 class="title">Cache</h1><p class="empty">This node has no cache (cache: off).</p>`;
  const { hits, forwards, memory, disk } = cache;
  const asked = hits + forwards;
  return html`<div class="heading"><h1 class="title">Cache</h1>${
    view.mayOperate &&
    source.purge !== undefined &&
    html`<form method="get" action="${PURGE_PATH}" data-dialog><button>Purge…</button></form>`
  }</div>
${purged(fields, view)}
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

/** Where the page is that tells of it. */
export function purgedPath({ purges, missed }: Purged): string {
  const fields = new URLSearchParams({ purged: String(purges) });
  for (const name of missed) fields.append('missed', name);
  return `${CACHE_PATH}?${fields}`;
}

/** What became of a purge. The script says it as well, as a page that goes on is soon without it. */
function purged(fields: URLSearchParams, { source }: View): Html | undefined {
  const purges = /^\d{1,6}$/.exec(fields.get('purged') ?? '')?.[0];
  if (purges === undefined) return undefined;
  const known = source.siblings().peers.map(({ plan }) => plan.name);
  const missed = fields.getAll('missed').filter((name) => known.includes(name));
  const done = html`<p class="quiet">Done: ${counted(Number(purges), 'purge')}.</p>`;
  if (missed.length === 0) return done;
  const text = `Purged here. Not acknowledged by ${missed.join(', ')}: a Portico node purges when it comes back`;
  return html`${done}<p class="note problem" data-outcome="${text}">${shape('warning')}<span>${text}</span></p>`;
}

function tierRow(name: string, { objects, bytes: size, capacity, evictions }: TierSummary): Html {
  const full = capacity > 0 ? size / capacity : undefined;
  return html`<tr data-key="tier ${name}"><th scope="row">${name}</th><td class="figure">${grouped(objects)}</td><td class="figure">${bytes(size)}</td><td class="figure">${bytes(capacity)}</td><td class="figure">${share(full)}</td><td class="figure">${grouped(evictions)}</td></tr>`;
}
