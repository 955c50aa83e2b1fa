import type { Ms } from '../../base/units.ts';
import { clock } from './figures.ts';
import { type Html, html } from './html.ts';

/**
 * A graph of ten minutes as SVG. The drawing is stretched to whatever width there is; what is written stands beside it
 * as text, and so is as large on a phone. Series differ by how they are drawn, not by colour alone.
 */

export interface Series {
  readonly name: string;
  /** `area`: from the ground up; `line`: drawn through; `dashes`: as a line, broken. */
  readonly drawn: 'area' | 'line' | 'dashes';
  readonly tone: 'one' | 'two' | 'bad';
  /** One for each time; `undefined`: not known. */
  readonly values: readonly (number | undefined)[];
}

export interface Graph {
  /** What tells it from others of the page. */
  readonly key: string;
  readonly title: string;
  /** Of what stands at the axis. */
  readonly unit: string;
  /** Epoch milliseconds, rising. */
  readonly times: readonly Ms[];
  readonly series: readonly Series[];
  readonly written: (value: number) => string;
  readonly now: Ms;
  /** What the axis reaches at least. */
  readonly least?: number;
  /** What it reaches at most, of a share. */
  readonly most?: number;
  /** Of the steps of its axis: 1000, or 1024 for bytes. */
  readonly thousand?: number;
}

export const SHOWN: Ms = 600_000;
const WIDTH = 600;
const HEIGHT = 100;

export function graph({
  key,
  title,
  unit,
  times,
  series,
  written,
  now,
  least = 1,
  most = Infinity,
  thousand,
}: Graph): Html {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const top = Math.min(most, niceTop(Math.max(least, ...known), thousand));
  const x = (at: Ms) => Math.round(((at - (now - SHOWN)) / SHOWN) * WIDTH * 10) / 10;
  const y = (value: number) => Math.round((1 - value / top) * HEIGHT * 10) / 10;
  const points = times.map((at, index) => [
    clock(at, now),
    ...series.map(({ values }) => said(values[index], written)),
  ]);
  const xs = times.map((at) => Math.round((x(at) / WIDTH) * 1000) / 1000);
  return html`<figure class="graph" data-key="${key}" data-points="${JSON.stringify({ xs, points })}">
<figcaption><h3>${title} <span class="quiet">${unit}</span></h3>
<ul class="legend">${series.map((each) => legendOf(each, written))}</ul></figcaption>
<div class="plot"><div class="scale" aria-hidden="true"><span>${written(top)}</span><span>${written(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary(title, unit, series, written)}">
<path class="grid" d="M0 0.5H${WIDTH}M0 50H${WIDTH}M0 99.5H${WIDTH}M${WIDTH / 2} 0V${HEIGHT}" vector-effect="non-scaling-stroke"/>
${series.map((each) => drawing(each, times.map(x), y))}
<path class="cursor" d="" vector-effect="non-scaling-stroke"/>
</svg>${known.length === 0 && html`<p class="none">No figures yet</p>`}</div>
<p class="times"><span>10 min ago</span><span class="at">5 min ago</span><span>now</span></p>
</figure>`;
}

function drawing({ drawn, tone, values }: Series, xs: readonly number[], y: (value: number) => number): Html {
  const runs = runsOf(values);
  const line = runs.map((run) => run.map((at, index) => `${index === 0 ? 'M' : 'L'}${xs[at]} ${y(values[at] ?? 0)}`));
  // A single one would be a line of no length.
  const path = line.map((steps) => (steps.length === 1 ? `${steps[0]}h1` : steps.join(''))).join('');
  const stroke = html`<path class="${drawn} ${tone}" d="${path}" vector-effect="non-scaling-stroke"/>`;
  if (drawn !== 'area') return stroke;
  const filled = runs
    .filter((run) => run.length > 1)
    .map((run, index) => `${line.filter((steps) => steps.length > 1)[index]?.join('')}V${HEIGHT}H${xs[run[0] ?? 0]}z`);
  return html`<path class="fill ${tone}" d="${filled.join('')}"/>${stroke}`;
}

/** The places of values that are known, each run without a gap for itself. */
function runsOf(values: readonly (number | undefined)[]): number[][] {
  const runs: number[][] = [];
  values.forEach((value, at) => {
    if (value === undefined) return;
    const last = runs.at(-1);
    if (last?.at(-1) === at - 1) last.push(at);
    else runs.push([at]);
  });
  return runs;
}

function legendOf({ name, drawn, tone, values }: Series, written: (value: number) => string): Html {
  return html`<li><svg class="sample" viewBox="0 0 18 10" width="18" height="10" aria-hidden="true"><path class="${drawn} ${tone}" d="M0 5H18"/></svg>${name} <b class="figure">${said(values.at(-1), written)}</b></li>`;
}

function summary(title: string, unit: string, series: readonly Series[], written: (value: number) => string): string {
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== undefined);
    if (known.length === 0) return `${name}: nothing known yet`;
    return `${name}: now ${said(values.at(-1), written)}, at most ${written(Math.max(...known))}`;
  });
  return `${title}, ${unit}, the last ten minutes. ${parts.join('; ')}.`;
}

function said(value: number | undefined, written: (value: number) => string): string {
  return value === undefined ? '–' : written(value);
}

/** The next of 1, 2, 4, 6, 8, 10 with as many zeros, so that half of it is a good number as well. */
export function niceTop(value: number, thousand = 1000): number {
  const unit = thousand ** Math.floor(Math.log(value * (1 + 1e-9)) / Math.log(thousand));
  const power = unit * 10 ** Math.floor(Math.log10(value / unit) + 1e-9);
  const step = [1, 2, 4, 6, 8, 10].find((each) => value <= each * power * (1 + 1e-9)) ?? 10;
  return step * power;
}
