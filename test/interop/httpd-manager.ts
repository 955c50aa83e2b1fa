import { all, cellsOf, type Element, parse, siblingsBefore, textOf, without } from '../admin/apache/markup.ts';

/** What the Python package httpd_manager (py_balancer_manager) reads of the page, as strictly. */

export interface Route {
  readonly worker: string;
  readonly name: string;
  readonly factor: number;
  readonly set: number;
  readonly status: readonly string[];
  readonly busy: number;
  readonly to: number;
  readonly from: number;
  readonly nonce: string;
}

export interface Cluster {
  readonly name: string;
  readonly maxMembers: number;
  readonly used: number;
  readonly sticky: string | undefined;
  readonly timeout: number;
  readonly failoverAttempts: number;
  readonly method: string;
  readonly path: string;
  readonly active: boolean;
  readonly routes: readonly Route[];
}

export interface Manager {
  readonly apache: string;
  readonly openssl: string;
  readonly built: Date;
  readonly clusters: readonly Cluster[];
}

export function readManager(html: string): Manager {
  const body = without(parse(html), 'form');
  const titles = all(body, 'h1').map(textOf);
  if (titles.length !== 1 || !titles[0]?.includes('Load Balancer Manager')) throw new Error('no load balancer manager');
  const [version = '', built = ''] = all(body, 'dt').map(textOf);
  const tables = all(body, 'table');
  if (tables.length % 2 !== 0) throw new Error(`expected pairs of tables, got ${tables.length}`);
  const clusters: Cluster[] = [];
  for (let index = 0; index < tables.length; index += 2) {
    clusters.push(cluster(tables[index] as Element, tables[index + 1] as Element));
  }
  return {
    apache: matched(/^Server Version: Apache\/([.0-9]*)/, version)[0],
    openssl: matched(/OpenSSL\/([0-9.a-z]*)/, version)[0],
    built: new Date(matched(/Server Built: (.*)/, built)[0]),
    clusters,
  };
}

/** What it posts to change a route: all of it, always. */
export function edited(cluster: Cluster, route: Route, on: readonly string[]): string {
  const params = new URLSearchParams({
    w_lf: route.factor.toFixed(2),
    w_ls: String(route.set),
    w_wr: route.name,
    w_rr: '',
    w: route.worker,
    b: cluster.name,
    nonce: route.nonce,
  });
  for (const flag of 'INDHRS') params.set(`w_status_${flag}`, on.includes(flag) ? '1' : '0');
  return String(params);
}

function cluster(table: Element, workers: Element): Cluster {
  const heading = siblingsBefore(table).find(({ tag }) => tag === 'h3');
  if (heading === undefined) throw new Error('no heading before the table');
  const name = matched(/balancer:\/\/([^ ]+)/, textOf(heading))[0];
  const [members = '', sticky = '', , timeout, attempts, method = '', path = '', active] = cellsOf(table)[1] ?? [];
  const [maxMembers, used] = matched(/^(\d*) \[(\d*) Used\]$/, members);
  return {
    name,
    maxMembers: Number(maxMembers),
    used: Number(used),
    sticky: sticky === ' (None) ' ? undefined : sticky,
    timeout: Number(timeout),
    failoverAttempts: Number(attempts),
    method,
    path,
    active: active === 'Yes',
    routes: all(workers, 'tr').slice(1).map(route),
  };
}

function route(row: Element): Route {
  const cells = all(row, 'td').map(textOf);
  if (cells.length < 11) throw new Error(`expected 11 cells, got ${cells.length}`);
  const [worker = '', name = '', , factor, set, status = '', , busy, , to = '', from = ''] = cells;
  const link = all(row, 'a')[0]?.attributes.href ?? '';
  const nonce = matched(/&nonce=([-a-f0-9]{36})/, link)[0];
  return {
    worker,
    name,
    factor: Number(factor),
    set: Number(set),
    status: status.trim().split(' '),
    busy: Number(busy),
    to: sizeOf(to),
    from: sizeOf(from),
    nonce,
  };
}

function sizeOf(text: string): number {
  const [digits, unit] = matched(/([\d.]+)([KMGT]?)/, text);
  return Number(digits) * 1024 ** ' KMGT'.indexOf(unit || ' ');
}

function matched(pattern: RegExp, text: string): [string, string] {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`expected ${pattern}, got ${JSON.stringify(text)}`);
  return [match[1] ?? '', match[2] ?? ''];
}
