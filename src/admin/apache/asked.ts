import type { AdminRequest } from '../mount.ts';

/**
 * What is asked of the page. Parameters come in the query and in the body, whatever its Content-Type, and the last one of
 * a name holds: Apache 2.4 reads them of the body alone, 2.2 of the query alone.
 */
export interface Asked {
  /** As it was given, by `b` or in the path. */
  readonly pool: string | undefined;
  readonly worker: string | undefined;
  readonly nonce: string;
  /** Beyond Apache's: why; and whether also the last usable origin of a pool may be taken away. */
  readonly reason: string;
  readonly force: boolean;
  /** Of the origin that a form was made for: nobody undoes what was said since. */
  readonly version: number | undefined;
  /** Those that change something, by name. */
  readonly changes: ReadonlyMap<string, string>;
  readonly isXml: boolean;
  /** As `/server-status?auto` has it. */
  readonly isAuto: boolean;
}

/** Of Apache 2.4. Those of health checks are known, so that they can be refused. */
const MODERN = /^(w_status_[INDHRCS]|w_(lf|ls|wr|rr)|w_h[meipfu]|b_(lbm|tmo|max|sforce|ss|nwrkr|wyes))$/;

/** Of Apache 2.2. */
const OLD = /^(dw|lf|ls|wr|rr)$/;

/** An empty one of these says something: off, or none. Another one that is empty was a field of a form, left as it was. */
const MAY_BE_EMPTY = /^(w_status_.|w_wr|w_rr|wr|rr)$/;

export async function askedBy(request: AdminRequest): Promise<Asked> {
  const body = request.method === 'POST' ? (await request.body()).toString('utf8') : '';
  const params = new Map([...request.query, ...new URLSearchParams(body)]);
  const version = params.get('version') ?? '';
  return {
    pool: params.get('b') ?? request.params.pool,
    worker: params.get('w'),
    nonce: params.get('nonce') ?? '',
    reason: params.get('reason') ?? '',
    force: isOn(params.get('force') ?? ''),
    version: /^\d{1,15}$/.test(version) ? Number(version) : undefined,
    changes: new Map([...params].filter(([name, value]) => changes(name, value))),
    isXml: params.get('xml') === '1',
    isAuto: params.has('auto'),
  };
}

/** As C's atoi has it: `1`, `2` and `1x` are on; `0`, `on` and nothing are off. */
export function isOn(text: string): boolean {
  const number = Number.parseInt(text, 10);
  return !Number.isNaN(number) && number !== 0;
}

export function isModern(name: string): boolean {
  return MODERN.test(name);
}

function changes(name: string, value: string): boolean {
  return (MODERN.test(name) || OLD.test(name)) && (value !== '' || MAY_BE_EMPTY.test(name));
}
