/** Metrics as Prometheus has them (https://prometheus.io/docs/concepts/data_model): what every part hands to the page. */

export type Labels = Readonly<Record<string, string>>;

/** Counters and gauges: one number a sample. */
export interface ScalarFamily {
  /** In base units, with the unit in its name; a counter ends in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** A sentence. */
  readonly help: string;
  readonly samples: readonly ScalarSample[];
}

export interface ScalarSample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramFamily {
  readonly name: string;
  readonly type: 'histogram';
  readonly help: string;
  readonly samples: readonly HistogramSample[];
}

export interface HistogramSample {
  readonly labels: Labels;
  /** Upper bounds of the buckets, ascending, without infinity. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket alone, and last how many lie above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export type MetricFamily = ScalarFamily | HistogramFamily;

/** Whoever has something for the page; asked at each look. */
export type MetricSource = () => readonly MetricFamily[];

export function counter(name: string, help: string, samples: readonly ScalarSample[]): ScalarFamily {
  return { name, type: 'counter', help, samples };
}

export function gauge(name: string, help: string, samples: readonly ScalarSample[]): ScalarFamily {
  return { name, type: 'gauge', help, samples };
}

/** The samples of a family that has no labels. */
export function single(value: number): readonly ScalarSample[] {
  return [{ labels: {}, value }];
}
