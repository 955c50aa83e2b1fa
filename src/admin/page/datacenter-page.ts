import type { DatacenterState, DnsCounters } from '../api/dns-port.ts';
import { type DatacenterAction, offeredOf } from './datacenter-actions.ts';
import { datacenterProblem, datacenterWords, healthWords, locationWords } from './datacenter-words.ts';
import { clock, counted, duration, grouped, span } from './figures.ts';
import { type Fields, formOf, type Refused, reasonField, timeInput } from './forms.ts';
import { type Content, type Html, html } from './html.ts';
import { DNS_PATH, datacenterPath } from './paths.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

/** `/dns/datacenters/NAME`: all that is known of a datacenter, and what can be done with it. */
export function datacenterPage(datacenter: DatacenterState, answers: DnsCounters['answers'], view: View): Html {
  const { word, tone, shape: sign } = datacenterWords(datacenter);
  return html`<section id="form" class="form">
<h1 id="form-title"><span class="quiet">Datacenter</span> ${datacenter.name}</h1>
<p><span class="state ${tone}">${shape(sign)}<span>${word}</span></span></p>
${view.mayOperate && choices(datacenter)}
<dl class="facts">${facts(datacenter, answers, view).map(
    ([term, value]) => value !== undefined && html`<div><dt>${term}</dt><dd>${value}</dd></div>`,
  )}</dl>
<p class="buttons"><a class="button quiet-button" href="${DNS_PATH}" data-cancel>Close</a></p>
</section>`;
}

function choices(datacenter: DatacenterState): Html {
  return html`<form class="choices" method="get" action="${datacenterPath(datacenter.name)}" data-dialog>${offeredOf(
    datacenter,
  ).map(({ to, name }) => html`<button name="to" value="${to}">${name}…</button>`)}</form>`;
}

function facts(datacenter: DatacenterState, answers: DnsCounters['answers'], { now }: View): [string, Content][] {
  const { name, own, addresses, location, word, observed, ttlLimit } = datacenter;
  return [
    ['Addresses', addresses.join(', ')],
    ['Location', location && locationWords(location)],
    ['Problem', datacenterProblem(datacenter, now)],
    ['Health', healthWords(datacenter, now)],
    ['Last check', observed.last && `at ${clock(observed.last.at, now)}, took ${span(observed.last.took)}`],
    ['Changed by', word && `${word.by} (${word.source}), ${clock(word.since, now)}`],
    ['Reason', word?.reason === '' ? undefined : word?.reason],
    ['Holds', word?.expires && `for ${duration(word.expires - now)} more`],
    ['TTL', ttlLimit === undefined ? undefined : `at most ${counted(ttlLimit, 'second')}, as it may soon change`],
    ['Answers', `${grouped(answers[name] ?? 0)} since the start`],
    ['Known', own ? 'by itself: it is the datacenter of this node' : undefined],
  ];
}

const EXPIRES = {
  name: 'expires',
  label: 'Holds for',
  hint: 'then checks decide again. Empty: until somebody ends it.',
};

/** The form of one action. `seen`: what was said of the datacenter by hand when who sends it looked. */
export function datacenterForm(
  action: DatacenterAction,
  datacenter: DatacenterState,
  fields: Fields,
  view: View,
  refused?: Refused,
): Html {
  const { name } = datacenter;
  return formOf({
    title: html`${action.name} <span class="quiet">datacenter</span> <span class="target">${name}</span>`,
    action: datacenterPath(name),
    back: DNS_PATH,
    formToken: view.formToken,
    refused,
    done: `Datacenter ${name}: ${action.done}`,
    about: html`<p>${action.about(datacenter)}</p>${now(datacenter, view)}`,
    fields: html`<input type="hidden" name="to" value="${action.to}"><input type="hidden" name="seen" value="${seenOfDatacenter(datacenter)}">
${reasonField(fields, view.source.reasonRequired === true)}${action.to !== 'active' && timeInput(fields, EXPIRES)}`,
    send: action.name,
  });
}

function now(datacenter: DatacenterState, { now }: View): Html | undefined {
  const { word } = datacenter;
  if (word === undefined) return undefined;
  return html`<p class="quiet">Now: ${datacenterWords(datacenter).word}, by <b class="said-by">${word.by}</b> since ${clock(word.since, now)}${
    word.reason !== '' && html` · <q>${word.reason}</q>`
  }</p>`;
}

export function seenOfDatacenter({ word }: DatacenterState): string {
  return String(word?.since ?? 0);
}
