import { type HostPort, parseListenAddress } from '../../src/base/address.ts';
import { frontDoor } from '../stories/front-door.ts';
import { type Portico, startPortico } from './portico.ts';

/** A node of which nothing matters but its name server. `dns`: without `listen` it is at a free port of 127.0.0.1. */
export async function startDns(dns: object): Promise<HostPort> {
  const config = frontDoor({ origins: ['http://127.0.0.1:9'], node: { workers: 1 } });
  return dnsAddress(await startPortico({ ...config, dns: { listen: ['127.0.0.1:0'], ...dns } }));
}

/** Where a running node is asked. */
export function dnsAddress({ events }: Portico): HostPort {
  const ready = events.all.find(({ message }) => message === 'ready');
  const [address] = (ready?.dns ?? []) as readonly string[];
  return parseListenAddress(address as string) as HostPort;
}
