import type { DatabaseSummary, DnsCounters, DnsStatus, ZoneSummary } from '../api/dns-port.ts';
import { counted, duration, grouped, timestamp } from './figures.ts';
import { type Content, type Html, html } from './html.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

/** Parts of `/dns` beside the datacenters. */

/** All since the start. */
export function dnsCounters({ queries, replies, limited, dropped }: DnsCounters): Html {
  const sum = Object.values(replies).reduce((total, count) => total + count, 0);
  return html`<dl class="figures of-node">
<div><dt>Queries by UDP</dt><dd>${grouped(queries.udp)}</dd></div>
<div><dt>Queries by TCP</dt><dd>${grouped(queries.tcp)}</dd></div>
<div><dt>Replies</dt><dd>${grouped(sum)}</dd></div>
<div><dt>Limited</dt><dd>${grouped(limited)}</dd></div>
<div><dt>Dropped</dt><dd>${grouped(dropped)}</dd></div>
</dl>`;
}

/** Most of the RCODEs that there are never come. */
export function dnsReplies({ replies }: DnsCounters): Html {
  const seen = Object.entries(replies).filter(([, count]) => count > 0);
  return html`<section class="packets" data-key="replies"><h2 class="title">Replies</h2>
${
  seen.length === 0
    ? html`<p class="quiet">None yet.</p>`
    : html`<dl class="figures">${seen.map(([rcode, count]) => html`<div data-key="${rcode}"><dt>${rcode}</dt><dd>${grouped(count)}</dd></div>`)}</dl>`
}</section>`;
}

/** What answers are made from. */
export function dnsFiles({ zones, databases }: DnsStatus, view: View): Html {
  return html`${listing('Zones', ['Zone', 'Serial', 'Records'], zones.map(zoneRow))}
${
  databases.length > 0 &&
  listing(
    'Databases',
    ['Database', 'Built', 'Age'],
    databases.map((each) => databaseRow(each, view)),
  )
}`;
}

function listing(title: string, [name, ...heads]: readonly string[], rows: readonly Html[]): Html {
  return html`<section class="tiers" data-key="${title}"><h2 class="title">${title}</h2>
<table class="plain" aria-label="${title}"><thead><tr><th scope="col">${name}</th>${heads.map(
    (head) => html`<th scope="col" class="figure">${head}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></section>`;
}

function zoneRow({ name, serial, records, file, problems }: ZoneSummary): Html {
  return html`<tr data-key="zone ${name}"><th scope="row"><span class="name">${name}</span> <span class="url">${
    file ?? 'in the configuration'
  }</span>${refusal(problems, 'The former one is served.')}</th><td class="figure">${serial}</td><td class="figure">${grouped(records)}</td></tr>`;
}

/** Why a file as it is now is not in force, and what is instead. */
function refusal(problems: readonly string[], instead: string): Html | undefined {
  if (problems.length === 0) return undefined;
  return html`${problems.map(
    (problem) => html`<span class="note problem">${shape('warning')}<span>${problem}</span></span>`,
  )}<span class="note quiet"><span>${instead}</span></span>`;
}

function databaseRow({ file, type, built, problem }: DatabaseSummary, { now }: View): Html {
  const [date, age] = built === undefined ? ['–', '–'] : [timestamp(built).slice(0, 10), duration(now - built)];
  return html`<tr data-key="database ${file}"><th scope="row"><span class="name">${file}</span> <span class="url">${type}</span>${refusal(
    problem === undefined ? [] : [problem],
    'The former one is in force.',
  )}</th><td class="figure">${date}</td><td class="figure">${age}</td></tr>`;
}

/** Who answers, and where. No thread: it died, and another one is being started. */
export function nameServer({ engine, fallback, threads, listeners }: DnsStatus): Html {
  const facts: readonly (readonly [string, Content])[] = [
    ['Listens at', `${listeners.join(', ')} by UDP and TCP`],
    ['Engine', `${ENGINES[engine]}, in ${counted(threads, 'thread')}`],
  ];
  return html`<section class="packets" data-key="server"><h2 class="title">Name server</h2>
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${
  threads === 0 &&
  html`<p class="note problem" data-key="threads">${shape('warning')}<span>Nobody answers at the moment: the thread died, and is started again</span></p>`
}
${
  fallback !== undefined &&
  html`<p class="note problem" data-key="fallback">${shape('warning')}<span>It is not the engine that was wanted: ${fallback}</span></p>`
}</section>`;
}

const ENGINES: Readonly<Record<DnsStatus['engine'], string>> = {
  batch: 'batch: many packets at once',
  plain: 'plain: one packet after the other',
};
