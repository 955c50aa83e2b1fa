import { expect } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import { frame, TcpClient } from '../geodns/server/tcp-client.ts';
import { UdpClient } from '../geodns/server/udp-client.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../support/dns-message.ts';
import type { Exposition } from '../support/exposition.ts';
import { residentMemory } from '../support/memory.ts';
import { ADMIN, NodeAdmin } from '../support/node-admin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { within } from '../support/wait.ts';

export const MIB = 1024 * 1024;

/** Where innocent clients are. */
const INNOCENT = '127.77.0.1';

/** Replies to others are limited. */
const NOT_LIMITED = ['127.64.0.0/10', '127.0.0.1'];

export const WWW: DnsQueryParts = { name: 'www.example.com.', edns: {} };
const WWW_ADDRESS = 'c000020a';

/** Of more than 4,000 bytes, for those who ask for much by TCP. */
export const BIG: DnsQueryParts = { name: 'big.example.com.', type: 16 };

/** A real node that answers DNS for example.com, and innocent clients of it. `dns`: beside what it has in any case. */
export async function startNameServer(dns: object = {}): Promise<NameServer> {
  const portico = await startPortico(configWith(dns));
  const { dns: listeners } = (await portico.events.waitFor('ready')) as unknown as { dns: readonly string[] };
  const at = { host: '127.0.0.1', port: Number((listeners[0] as string).split(':').at(-1)) };
  return new NameServer(portico, at, await NodeAdmin.of(portico), await UdpClient.open(INNOCENT));
}

export function configWith(dns: object): object {
  return {
    ...ADMIN,
    node: { name: 'edge-1', workers: 1 },
    listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
    sites: [{ hosts: ['default'], pool: 'app' }],
    pools: { app: { origins: ['http://127.0.0.1:9'] } },
    logs: { access: 'off' },
    dns: {
      listen: ['127.0.0.1:0'],
      datacenters: { us: { addresses: ['192.0.2.10'], check: 'off' } },
      zones: [
        {
          name: 'example.com',
          soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com' },
          records: [
            { name: '@', type: 'NS', value: 'ns1.example.com' },
            { name: 'ns1', type: 'A', value: '192.0.2.1' },
            { name: 'www', geo: ['us'] },
            { name: 'static', type: 'A', value: ['192.0.2.3', '192.0.2.4'] },
            { name: '*.wild', type: 'TXT', value: '"any"' },
            { name: 'dn', type: 'DNAME', value: 'static.example.com' },
            { name: 'big', type: 'TXT', value: Array.from({ length: 16 }, (_, i) => `"${i} ${'x'.repeat(250)}"`) },
          ],
        },
      ],
      rate_limit: { exempt: NOT_LIMITED },
      ...dns,
    },
  };
}

export class NameServer {
  readonly portico: Portico;
  readonly at: HostPort;
  readonly #admin: NodeAdmin;
  readonly #innocent: UdpClient;
  #asked = 0;

  constructor(portico: Portico, at: HostPort, admin: NodeAdmin, innocent: UdpClient) {
    this.portico = portico;
    this.at = at;
    this.#admin = admin;
    this.#innocent = innocent;
  }

  get memory(): number {
    return residentMemory(this.portico.pid);
  }

  metrics(): Promise<Exposition> {
    return this.#admin.metrics();
  }

  /** Resolves when the metrics say so. */
  async untilMetrics(isSo: (page: Exposition) => boolean, what: string): Promise<void> {
    let isOver = false;
    const look = async () => {
      while (!isOver && !isSo(await this.metrics()));
    };
    await within(look(), what).finally(() => {
      isOver = true;
    });
  }

  /** An innocent client asks by UDP, once, and gets what is right. */
  async innocent(): Promise<void> {
    const id = ++this.#asked & 0xffff;
    const { bytes } = await this.#innocent.ask(dnsQuery({ ...WWW, id }), this.at);
    expectWww(parseDnsMessage(bytes), id);
  }

  /** Another one by TCP, over a connection of its own. */
  async innocentByTcp(): Promise<void> {
    const id = ++this.#asked & 0xffff;
    const client = await TcpClient.open(this.at, INNOCENT);
    const before = client.all.length;
    client.send(frame(dnsQuery({ ...WWW, id })));
    await client.next(before);
    expectWww(parseDnsMessage(Buffer.from(client.all[before] as string, 'latin1')), id);
    client.socket.destroy();
  }

  /** It is there, has said nothing that wants a person, and nothing of it was broken. */
  async expectUnharmed(): Promise<void> {
    await this.innocent();
    await this.innocentByTcp();
    expect(this.portico.events.all.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    const page = await this.metrics();
    expect(page.value('portico_dns_failures_total')).toBe(0);
    expect(page.value('portico_dns_thread_deaths_total')).toBe(0);
    expect(page.sum('portico_dns_socket_errors_total')).toBe(0);
  }
}

function expectWww(reply: DnsMessage, id: number): void {
  expect([reply.id, reply.rcode, reply.answers.map(({ rdata }) => rdata)]).toEqual([id, 0, [WWW_ADDRESS]]);
}
