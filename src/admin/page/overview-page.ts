import type { PoolState } from '../../operator/model.ts';
import { problemsOf } from '../sibling-problems.ts';
import { addressConcerns } from './address-concerns.ts';
import type { CacheSeries } from './cache-series.ts';
import type { Concern } from './concern.ts';
import { dnsConcerns } from './dns-concerns.ts';
import { figure, isMany } from './figure-cell.ts';
import { bytes, counted, grouped, milliseconds, number, percent, share, span } from './figures.ts';
import { cacheGraph, latencyGraph, requestsGraph } from './graphs.ts';
import { type Html, html } from './html.ts';
import { anchorOf, SIBLINGS_PATH } from './paths.ts';
import { poolSection } from './pool-section.ts';
import { shape } from './shapes.ts';
import { healthProblem, isUsable, stateOf } from './states.ts';
import type { View } from './view.ts';

/** `/`: what needs somebody, how fast things go, and every pool. */
export function overviewPage(view: View, cache: CacheSeries): { readonly title: string; readonly main: Html } {
  const { source, now } = view;
  const pools = source.operator.pools();
  const ofPools = pools.flatMap((pool) => concernsOf(pool, view));
  const ofOthers = [...siblingConcerns(view), ...dnsConcerns(view)];
  const concerns = [...nodeConcerns(view), ...addressConcerns(view), ...ofPools, ...ofOthers];
  const history = source.traffic.history({ kind: 'node' });
  const main = html`<h1 class="for-readers">Overview</h1>
${standing(pools, concerns)}
${nodeFigures(pools, view)}
<div class="graphs">${requestsGraph(history, now)}${latencyGraph(history, 'whole requests, mean', now)}${
    source.status().cache !== undefined && cacheGraph(cache.points, now)
  }</div>
${pools.map((pool) => poolSection(pool, view, 'h2'))}
${pools.length === 0 && html`<p class="empty">No pools are configured.</p>`}
${sites(view)}`;
  const bad = concerns.filter(({ tone }) => tone === 'bad').length;
  return { title: bad > 0 ? `(${bad}) Overview` : 'Overview', main };
}

function nodeConcerns({ source }: View): Concern[] {
  const drain = source.operator.node();
  if (drain === undefined) return [];
  return [{ tone: 'hand', href: '#', name: source.status().node, text: `drains: the whole node, by ${drain.by}` }];
}

function siblingConcerns({ source, now }: View): Concern[] {
  return source.siblings().peers.flatMap((sibling) => {
    const { name } = sibling.plan;
    const text = problemsOf(sibling, now).join('; ');
    return text === '' ? [] : [{ tone: 'bad', href: `${SIBLINGS_PATH}#${name}`, name: `sibling ${name}`, text }];
  });
}

/** What is wrong with a pool, and what somebody has taken out of it. */
function concernsOf(pool: PoolState, { now }: View): Concern[] {
  const { name, panic, maintenance, queued, origins } = pool;
  const href = `#${encodeURIComponent(name)}`;
  const concerns: Concern[] = [];
  const add = (tone: Concern['tone'], text: string) => concerns.push({ tone, href, name, text });
  if (panic) add('bad', 'panic: every origin is down, all are tried');
  else if (origins.length === 0) add('bad', 'has no origins');
  else if (maintenance === undefined && !origins.some(isUsable)) add('bad', 'no usable origin');
  if (queued > 0) add('bad', `${counted(queued, 'request')} in the queue`);
  if (maintenance !== undefined) add('hand', `maintenance page, by ${maintenance.by}`);
  // In a panic, that is every one.
  for (const origin of panic ? [] : origins) {
    const { tone, word } = stateOf(origin);
    if (tone !== 'bad') continue;
    const text = healthProblem(origin, now) ?? word;
    concerns.push({ tone: 'bad', href: `#${anchorOf(origin)}`, name: `${name}/${origin.id}`, text });
  }
  return concerns;
}

/** The most that are told one by one: beyond that, the pools say it themselves. */
const TOLD = 8;

function standing(pools: readonly PoolState[], concerns: readonly Concern[]): Html {
  const origins = pools.flatMap((pool) => pool.origins);
  const out = origins.filter(({ admin }) => admin !== 'active').length;
  const byHand = out > 0 ? ` ${counted(out, 'origin')} taken out by hand.` : '';
  const bad = concerns.filter(({ tone }) => tone === 'bad');
  const sum = `${counted(origins.length, 'origin')} in ${counted(pools.length, 'pool')}.${byHand}`;
  if (concerns.length === 0) {
    return html`<div class="standing good" data-key="standing" data-say="All is well"><p>${shape('check')}<strong>All is well.</strong> ${sum}</p></div>`;
  }
  const head = bad.length > 0 ? `${counted(bad.length, 'thing')} to look at.` : 'Nothing is wrong.';
  const more = concerns.length - TOLD;
  return html`<div class="standing ${bad.length > 0 ? 'bad' : 'hand'}" data-key="standing">
<p>${shape(bad.length > 0 ? 'warning' : 'bars')}<strong>${head}</strong> ${sum}</p>
<ul>${concerns
    .slice(0, TOLD)
    .map(
      ({ href, name, text, tone }) =>
        html`<li class="${tone}">${shape(tone === 'bad' ? 'cross' : 'bars')}<span><a href="${href}">${name}</a> ${text}</span></li>`,
    )}${more > 0 && html`<li>and ${more} more</li>`}</ul></div>`;
}

function nodeFigures(pools: readonly PoolState[], { source }: View): Html {
  const { requests, errors, latency, sent } = source.traffic.rate({ kind: 'node' });
  const inFlight = pools.flatMap(({ origins }) => origins).reduce((sum, { traffic }) => sum + traffic.inFlight, 0);
  const queued = pools.reduce((sum, pool) => sum + pool.queued, 0);
  const { cache } = source.status();
  const asked = cache === undefined ? 0 : cache.hits + cache.forwards;
  return html`<dl class="figures of-node">
<div><dt>Requests/s</dt><dd>${number(requests)}</dd></div>
<div><dt>Errors</dt><dd>${share(errors)}</dd></div>
<div><dt>Latency</dt><dd>${span(latency)}</dd></div>
<div><dt>Sent/s</dt><dd>${bytes(sent)}</dd></div>
<div><dt>In flight</dt><dd>${grouped(inFlight)}</dd></div>
<div><dt>In the queue</dt><dd>${grouped(queued)}</dd></div>
${cache !== undefined && html`<div><dt>Cache hits</dt><dd>${share(asked > 0 ? cache.hits / asked : undefined)}</dd></div>`}
</dl>`;
}

function sites({ source }: View): Html | undefined {
  const names = source.sites();
  if (names.length === 0) return undefined;
  return html`<section class="sites" data-key="sites"><h2 class="title">Sites</h2>
<table role="table" class="plain"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Site</th>${[
    'Requests/s',
    'Latency, ms',
    'Errors, %',
    'Sent/s',
  ].map((head) => html`<th role="columnheader" scope="col" class="figure">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${names.map((site) => {
    const { requests, latency, errors, sent } = source.traffic.rate({ kind: 'site', site });
    return html`<tr role="row" class="site" data-key="site ${site}"><th role="rowheader" scope="row">${site}</th>${figure('Requests/s', number(requests))}${figure('Latency, ms', milliseconds(latency))}${figure('Errors, %', percent(errors), isMany(errors))}${figure('Sent/s', bytes(sent))}</tr>`;
  })}</tbody></table></section>`;
}
