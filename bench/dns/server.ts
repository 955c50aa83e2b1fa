import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { dnsQuery } from '../../test/support/dns-message.ts';
import type { Entrant } from '../entrants.ts';
import type { Child, Processes } from '../processes.ts';
import { freePorts, START_MS } from '../server.ts';
import { openClient } from './client.ts';
import { type DnsServerName, type DnsWork, nameOf, ZONE } from './works.ts';

/** What a name server under test is given. */
export interface DnsSetting {
  readonly processes: Processes;
  /** Its own, empty directory. Removed at the end. */
  readonly directory: string;
  /** An MMDB file. */
  readonly database: string;
  readonly cores: readonly number[] | undefined;
  /** Where Portico's profiles go; `undefined`: none are made. */
  readonly profileDirectory: string | undefined;
}

/** A name server that runs, on a port of 127.0.0.1, by UDP and TCP. */
export interface RunningDnsServer {
  readonly child: Child;
  readonly port: number;
}

/** A way to run a name server. */
export interface DnsServerKind extends Entrant {
  readonly name: DnsServerName;
  /** Whether clients get cookies from it (RFC 7873). */
  readonly cookies: boolean;
  readonly transports: readonly DnsWork['transport'][];
  start(setting: DnsSetting, signal: AbortSignal): Promise<RunningDnsServer>;
}

/** A port that was free just now by UDP and TCP. */
export async function freeDnsPort(): Promise<number> {
  for (const port of await freePorts(8)) if (await isFreeByUdp(port)) return port;
  throw new Error('there is no free port');
}

async function isFreeByUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  try {
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** Waits until it answers by UDP and TCP; throws with its last words when it ends before that, or never does. */
export async function untilAnswering({ child, port }: RunningDnsServer, signal: AbortSignal): Promise<void> {
  let end: string | undefined;
  child.ended.then((how) => {
    end = how;
  });
  const deadline = performance.now() + START_MS;
  for (;;) {
    if ((await answers('udp', port)) && (await answers('tcp', port))) return;
    signal.throwIfAborted();
    if (end !== undefined) throw new Error(`it did not start (${end}): ${child.complaint}`);
    if (performance.now() > deadline) throw new Error(`it does not answer at port ${port}: ${child.complaint}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether anything but an error comes back. */
async function answers(transport: DnsWork['transport'], port: number): Promise<boolean> {
  try {
    const client = await openClient(transport, port);
    const reply = await client
      .ask(dnsQuery({ name: `${nameOf('static', 0)}.${ZONE}.`, edns: {} }))
      .finally(() => client.close());
    return reply.length > 12 && ((reply[3] as number) & 15) === 0;
  } catch {
    return false;
  }
}
