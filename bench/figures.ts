import type { Figures } from './measure.ts';
import type { Aim, ServerName } from './works.ts';

/** What is made of the samples. */

/** A row of the table. */
export interface Row {
  readonly work: string;
  readonly server: ServerName;
  /** Median of the rounds, as are all the figures. NaN when the row is invalid. */
  readonly requestsPerCpuSecond: number;
  /** Half of the distance from the lowest to the highest round, as a share of the median. */
  readonly spread: number;
  readonly requestsPerSecond: number;
  /** CPU-seconds in a second: how many cores the server kept busy. */
  readonly coresBusy: number;
  /** Why the row says nothing; empty when it is valid. */
  readonly problems: readonly string[];
  /** Portico's requests per CPU-second over this peer's; `undefined` where there is nothing to compare. */
  readonly ratio?: number;
  readonly aim?: Aim;
}

export function makeRows(all: readonly Figures[]): Row[] {
  const rows = all.map((figures) => summarise(figures));
  return rows.map((row, index) => {
    const ours = rows.find(({ work, server }) => work === row.work && server === 'portico');
    if (row.server === 'portico' || ours === undefined) return row;
    const aim = all[index]?.work.aims.find(({ peer }) => peer === row.server);
    const ratio = ours.requestsPerCpuSecond / row.requestsPerCpuSecond;
    return { ...row, ...(Number.isFinite(ratio) && { ratio }), ...(aim !== undefined && { aim }) };
  });
}

function summarise({ work, server, samples }: Figures): Row {
  const problems = samples.flatMap((sample) => sample.problems);
  const perCpuSecond = samples.map(({ requests, cpuSeconds }) => requests / cpuSeconds);
  const valid = problems.length === 0;
  return {
    work: work.name,
    server,
    requestsPerCpuSecond: valid ? median(perCpuSecond) : Number.NaN,
    spread: (Math.max(...perCpuSecond) - Math.min(...perCpuSecond)) / 2 / median(perCpuSecond),
    requestsPerSecond: median(samples.map(({ requests, seconds }) => requests / seconds)),
    coresBusy: median(samples.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)),
    problems: [...new Set(problems)],
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}
