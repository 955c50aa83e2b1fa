import type { SiblingState } from '../../sibling/state.ts';
import { grouped, share } from './figures.ts';
import { type Html, html } from './html.ts';
import { SIBLING_HEADS, siblingRow } from './sibling-row.ts';
import type { View } from './view.ts';

/** `/siblings`: whose caches are asked before the origins are, and what they ask us. */
export function siblingsPage(view: View): Html {
  const { peers, icp, htcp, dropped } = view.source.siblings();
  return html`<h1 class="title">Siblings</h1>
${peers.length === 0 ? html`<p class="empty">This node has no siblings to ask.</p>` : html`${figures(peers)}${table(peers, view)}`}
${packets('What we were sent by ICP', icp)}
${packets('What we were sent by HTCP', htcp)}
${Object.values(dropped).some((count) => count > 0) && packets('Dropped, as it came instead of an answer', dropped)}`;
}

function figures(peers: readonly SiblingState[]): Html {
  const sum = (of: 'queries' | 'hits' | 'fetched' | 'falseHits' | 'served') =>
    peers.reduce((total, { account }) => total + account[of], 0);
  const queries = sum('queries');
  return html`<dl class="figures of-node">
<div><dt>Queries</dt><dd>${grouped(queries)}</dd></div>
<div><dt>Hits</dt><dd>${share(queries > 0 ? sum('hits') / queries : undefined)}</dd></div>
<div><dt>Fetched</dt><dd>${grouped(sum('fetched'))}</dd></div>
<div><dt>False hits</dt><dd>${grouped(sum('falseHits'))}</dd></div>
<div><dt>Served to siblings</dt><dd>${grouped(sum('served'))}</dd></div>
</dl>`;
}

function table(peers: readonly SiblingState[], view: View): Html {
  return html`<section class="pool" data-key="siblings"><table role="table" class="origins" aria-label="Siblings">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="state-cell">State</th><th role="columnheader" scope="col">Sibling</th>${SIBLING_HEADS.map(
    (head) => html`<th role="columnheader" scope="col" class="figure">${head}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${peers.map((sibling) => siblingRow(sibling, view))}</tbody></table></section>`;
}

/** By what became of them. Most of what may become of one never does. */
function packets(title: string, counts: Readonly<Record<string, number>>): Html | undefined {
  const outcomes = Object.entries(counts);
  if (outcomes.length === 0) return undefined;
  const seen = outcomes.filter(([, count]) => count > 0);
  return html`<section class="packets" data-key="${title}"><h2 class="title">${title}</h2>
${
  seen.length === 0
    ? html`<p class="quiet">Nothing yet.</p>`
    : html`<dl class="figures">${seen.map(([outcome, count]) => html`<div data-key="${outcome}"><dt>${outcome}</dt><dd>${grouped(count)}</dd></div>`)}</dl>`
}</section>`;
}
