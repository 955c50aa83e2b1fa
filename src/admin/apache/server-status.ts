import type { Bytes } from '../../base/units.ts';
import type { OriginState, PoolState } from '../../operator/model.ts';
import { statusText } from './flags.ts';
import { workerUrl } from './worker-url.ts';

/** What Apache's `/server-status?auto` says of balancers (`ProxyStatus On`). */
export function autoLines(pools: readonly PoolState[]): string {
  return pools
    .flatMap(({ name, origins }, index) => [
      `ProxyBalancer[${index}]Name: balancer://${name}`,
      ...origins.flatMap((origin, at) =>
        workerLines(origin).map((line) => `ProxyBalancer[${index}]Worker[${at}]${line}`),
      ),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function workerLines(origin: OriginState): string[] {
  const { traffic } = origin;
  return [
    `Name: ${workerUrl(origin)}`,
    `Status: ${statusText(origin)}`,
    `Elected: ${traffic.elected}`,
    `Busy: ${traffic.inFlight}`,
    `Sent: ${kibibytes(traffic.bytesOut)}K`,
    `Rcvd: ${kibibytes(traffic.bytesIn)}K`,
  ];
}

function kibibytes(bytes: Bytes): number {
  return Math.floor(bytes / 1024);
}
