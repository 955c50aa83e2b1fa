import type { PoolState } from '../../operator/model.ts';
import { eventList, isNoise } from './event-list.ts';
import type { Following } from './following.ts';
import { bytesGraph, latencyGraph, requestsGraph } from './graphs.ts';
import { type Html, html } from './html.ts';
import { poolSection } from './pool-section.ts';
import type { View } from './view.ts';

/** `/pools/NAME`: one pool, its last ten minutes, and what happened to it. */
export function poolPage(pool: PoolState, view: View, following: Following): { title: string; main: Html } {
  const { source, now } = view;
  const history = source.traffic.history({ kind: 'pool', pool: pool.name });
  const events = following.newest(20, (event) => event.pool === pool.name && !isNoise(event));
  const main = html`${poolSection(pool, view, 'h1')}
<div class="graphs">${requestsGraph(history, now)}${latencyGraph(history, 'first byte, mean', now)}${bytesGraph(history, now)}</div>
<section data-key="events"><h2 class="title">What happened</h2>${eventList(events, now)}</section>`;
  return { title: `Pool ${pool.name}`, main };
}
