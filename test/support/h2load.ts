import { execFile } from 'node:child_process';

/** What h2load counted. */
export interface LoadResult {
  readonly succeeded: number;
  readonly failed: number;
  readonly errored: number;
  readonly status2xx: number;
  /** All that it said. */
  readonly said: string;
}

/** nghttp2's load generator; certificates are not checked. */
export function h2load(url: string, ...args: readonly string[]): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    execFile('h2load', [...args, url], (error, said) => {
      const requests = /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(said);
      const statuses = /status codes: (\d+) 2xx/.exec(said);
      if (requests === null || statuses === null) {
        reject(error ?? new Error(`h2load said ${said}`));
        return;
      }
      const [succeeded, failed, errored] = requests.slice(1).map(Number) as [number, number, number];
      resolve({ succeeded, failed, errored, status2xx: Number(statuses[1]), said });
    });
  });
}
