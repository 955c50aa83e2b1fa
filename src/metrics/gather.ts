import type { EventLog } from '../observe/event-forward.ts';
import { counter, type MetricFamily, type MetricSource } from '../observe/metric.ts';
import { CONTENT_TYPES, chooseFormat, exposition, labelText } from './prometheus.ts';

/** A page for whoever serves it. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The metrics page, put together of what every part tells at that moment. A part that throws is left out, counted and
 * logged, and costs nobody else's numbers; so is a sample that stands there already, for which Prometheus would refuse
 * the whole page.
 */
export class MetricsPage {
  readonly #log: EventLog;
  readonly #sources = new Map<string, { readonly source: MetricSource; errors: number; failing: boolean }>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** `name` is for the log, and the label of its errors. Sources stand on the page in the order of their coming. */
  register(name: string, source: MetricSource): void {
    this.#sources.set(name, { source, errors: 0, failing: false });
  }

  families(): MetricFamily[] {
    const families = new Map<string, MetricFamily>();
    for (const name of this.#sources.keys()) {
      for (const family of this.#ask(name)) families.set(family.name, merged(families.get(family.name), family));
    }
    const errors = counter(
      'portico_metrics_source_errors_total',
      'Times that a part of the node could not tell its metrics.',
      [...this.#sources].map(([source, { errors }]) => ({ labels: { source }, value: errors })),
    );
    return [...families.values(), errors].map(distinct);
  }

  /** `accept`: the field of the request. */
  answer(accept: string | undefined): Page {
    const format = chooseFormat(accept);
    return { status: 200, contentType: CONTENT_TYPES[format], body: exposition(this.families(), format) };
  }

  /** Logged when it begins to fail and when it is over, not at each scrape. */
  #ask(name: string): readonly MetricFamily[] {
    const entry = this.#sources.get(name);
    if (entry === undefined) return [];
    try {
      const families = entry.source();
      if (entry.failing) this.#log.info('metrics are told again', { source: name });
      entry.failing = false;
      return families;
    } catch (error) {
      entry.errors += 1;
      if (!entry.failing) this.#log.error('metrics of a part are missing', { source: name, error });
      entry.failing = true;
      return [];
    }
  }
}

/** Two parts may tell of one family; the first says what it is. */
function merged(known: MetricFamily | undefined, more: MetricFamily): MetricFamily {
  if (known === undefined) return more;
  if (known.type !== more.type) return known;
  return { ...known, samples: [...known.samples, ...more.samples] } as MetricFamily;
}

function distinct(family: MetricFamily): MetricFamily {
  const seen = new Set<string>();
  const isNew = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) => {
    const text = labelText(labels);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  };
  return family.type === 'histogram'
    ? { ...family, samples: family.samples.filter(isNew) }
    : { ...family, samples: family.samples.filter(isNew) };
}
