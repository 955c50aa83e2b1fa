import type { HostPort } from '../../../src/base/address.ts';
import type { Responder as QueryAnswers } from '../../../src/geodns/answer/respond.ts';
import { Transfers } from '../../../src/geodns/answer/transfer.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { ReplaceableResponder } from '../../../src/geodns/server/replaceable-responder.ts';
import type { Responder } from '../../../src/geodns/server/responder.ts';
import { TCP_LIMITS } from '../../../src/geodns/server/tcp-limits.ts';
import { TcpServer } from '../../../src/geodns/server/tcp-server.ts';
import { type Zone, ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { atTeardown } from '../../support/teardown.ts';
import { zoneOf } from '../zone/zones.ts';
import { TestResponder } from './responders.ts';

/** A zone of some megabytes: 3 of its records for each of `hosts`. */
export function largeZone(hosts: number, serial: number): Zone {
  const lines = Array.from(
    { length: hosts },
    (_, i) => `host${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}
host${i} TXT "this is the host with the number ${i}" "${'of many '.repeat(16)}"
host${i} MX 10 host${i}.mail`,
  );
  return zoneOf(
    'example.com.',
    `$TTL 300\n@ SOA ns1 hostmaster ${serial} 3600 900 604800 60\n@ NS ns1.example.net.\n${lines.join('\n')}`,
  );
}

export interface TransferScene {
  readonly at: HostPort;
  readonly counts: DnsCounts;
  /** From the next query on these zones are served. */
  serve(zones: readonly Zone[]): void;
}

/** A server by TCP on a port of its own, that all of loopback may transfer from. */
export async function serveTransfers(zones: readonly Zone[]): Promise<TransferScene> {
  const counts = new DnsCounts();
  const log = eventLevels(() => {});
  const replaceable = new ReplaceableResponder(responderOf(zones), counts, log);
  const server = new TcpServer({ responder: replaceable, limits: TCP_LIMITS, counts, log });
  atTeardown(() => server.close());
  const serve = (others: readonly Zone[]) => {
    replaceable.current = responderOf(others);
  };
  return { at: await server.listen({ host: '127.0.0.1', port: 0 }), counts, serve };
}

function responderOf(zones: readonly Zone[]): Responder {
  const settings = { transferTo: ['127.0.0.0/8'], udpLength: 1232 };
  const transfers = new Transfers(new ZoneSet(zones), settings);
  const answers: QueryAnswers = new TestResponder(settings, zones).responder;
  return {
    respond: (query, length, { address, family, port, transport }, reply) => {
      const source = { address, family, port, transport } as const;
      return answers.respond(query, length, source, reply);
    },
    transfer: (query, length, source) => transfers.transfer(query, length, source),
  };
}
