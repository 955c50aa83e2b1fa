/** What is made of the samples. */

/** One server on one work in one round. */
export interface Sample {
  readonly requests: number;
  readonly seconds: number;
  /** Of the server's whole process tree. */
  readonly cpuSeconds: number;
  readonly problems: readonly string[];
}

/** All rounds of one server on one work. */
export interface Figures {
  readonly server: string;
  readonly work: { readonly name: string; readonly aims: readonly Aim[] };
  readonly samples: readonly Sample[];
}

/** Requests per CPU-second, as a multiple of the peer's. */
export interface Aim<Name extends string = string> {
  readonly peer: Name;
  readonly ratio: number;
  /** What the design asks for in the end (design §10); `ratio` is what this version has to reach. */
  readonly later?: number;
  /** Whose requests they are; default: Portico's. */
  readonly of?: Name;
}

/** A row of the table. */
export interface Row {
  readonly work: string;
  readonly server: string;
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
  /** Of Portico in another form: its own requests per CPU-second over a peer's, and what they have to be. */
  readonly own?: { readonly ratio: number; readonly aim: Aim };
}

export function makeRows(all: readonly Figures[]): Row[] {
  const rows = all.map((figures) => summarise(figures));
  return rows.map((row, index) => {
    const beside = (name: string) =>
      rows.find(({ work, server }) => work === row.work && server === name)?.requestsPerCpuSecond ?? Number.NaN;
    const aims = all[index]?.work.aims ?? [];
    const own = aims.find(({ of }) => of === row.server);
    const ownRatio = own === undefined ? Number.NaN : row.requestsPerCpuSecond / beside(own.peer);
    const withOwn =
      own === undefined || !Number.isFinite(ownRatio) ? row : { ...row, own: { ratio: ownRatio, aim: own } };
    if (row.server === 'portico' || !rows.some(({ server }) => server === 'portico')) return withOwn;
    const aim = aims.find(({ peer, of }) => peer === row.server && of === undefined);
    const ratio = beside('portico') / row.requestsPerCpuSecond;
    return { ...withOwn, ...(Number.isFinite(ratio) && { ratio }), ...(aim !== undefined && { aim }) };
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
