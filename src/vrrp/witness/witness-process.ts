import { once } from 'node:events';
import { hostname } from 'node:os';
import type { HostPort } from '../../base/address.ts';
import { formatHostPort } from '../../base/address.ts';
import { monotonicNow } from '../../base/monotonic.ts';
import { createEventLog } from '../../observe/event-log.ts';
import { readKeyFile } from './key.ts';
import { LONGEST_LEASE } from './lease-book.ts';
import { LONGEST_TEXT } from './message.ts';
import { WitnessServer } from './server.ts';

/** `portico witness`: runs until TERM or INT. Rejects with an `Error` that says what is in the way. */
export async function runWitness(address: HostPort, keyFile: string): Promise<void> {
  const log = createEventLog({ level: 'info' });
  const key = readKeyFile(keyFile);
  // Heard from here on: one that comes right after the start must not find the system's default, to kill.
  const stopped = Promise.race(['SIGTERM', 'SIGINT'].map((signal) => once(process, signal)));
  const name = hostname().slice(0, LONGEST_TEXT);
  const server = await WitnessServer.listen({ address, key, name, log, now: monotonicNow });
  const { host, port } = server.address;
  log.info('witness listens', { address: formatHostPort(host, port), name, votes_in_ms: LONGEST_LEASE });
  await stopped;
  await server.close();
  log.info('witness stopped', { packets: server.counts });
}
