import type { HistogramSample, Labels, MetricFamily } from '../observe/metric.ts';

/**
 * The exposition formats: Prometheus text 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats), and
 * OpenMetrics 1.0 for who asks for it (https://prometheus.io/docs/specs/om/open_metrics_spec). They differ in what a
 * counter's family is called, how a whole number stands as a bound, what is escaped in HELP, and the last line.
 */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** What an Accept field prefers; Prometheus text unless OpenMetrics is asked for by name and with no smaller weight. */
export function chooseFormat(accept: string | undefined): ExpositionFormat {
  let openmetrics = 0;
  let text = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    if (type === 'application/openmetrics-text') openmetrics = Math.max(openmetrics, weight);
    else if (type === 'text/plain' || type === 'text/*') text = Math.max(text, weight);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus';
}

/** One page of all families, in their order. Families and samples have to be distinct. */
export function exposition(families: readonly MetricFamily[], format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const family of families) writeFamily(lines, family, format);
  if (format === 'openmetrics') lines.push('# EOF');
  lines.push('');
  return lines.join('\n');
}

/** Labels as they stand in a line: `{pool="app",origin="a"}`; empty when there are none. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function writeFamily(lines: string[], family: MetricFamily, format: ExpositionFormat): void {
  const { name, type, help } = family;
  const title = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  lines.push(`# HELP ${title} ${escapeHelp(help, format)}`, `# TYPE ${title} ${type}`);
  if (family.type === 'histogram') {
    for (const sample of family.samples) writeHistogram(lines, name, sample, format);
  } else {
    for (const { labels, value } of family.samples) lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }
}

/** Buckets are told cumulatively: how many were no more than their bound. */
function writeHistogram(lines: string[], name: string, sample: HistogramSample, format: ExpositionFormat): void {
  const { labels, bounds, counts, sum } = sample;
  let count = 0;
  for (const [index, each] of counts.entries()) {
    count += each;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : boundText(bound, format);
    lines.push(`${name}_bucket${labelText({ ...labels, le })} ${numberText(count)}`);
  }
  const text = labelText(labels);
  lines.push(`${name}_sum${text} ${numberText(sum)}`, `${name}_count${text} ${numberText(count)}`);
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** OpenMetrics wants `1.0`, so that a bound is the same text everywhere. */
function boundText(bound: number, format: ExpositionFormat): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(help: string, format: ExpositionFormat): string {
  return format === 'openmetrics' ? escapeLabel(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** RFC 9110 §12.4.2; 1 when it is not said, 0 when it cannot be read. */
function weightOf(parameters: readonly string[]): number {
  const said = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (said === undefined) return 1;
  const weight = Number(said.slice(said.indexOf('=') + 1));
  return weight >= 0 && weight <= 1 ? weight : 0;
}
