import { z } from 'zod';
import { expected } from '../../../base/setting.ts';
import type { Destination } from '../../../geodns/inquiry/destinations.ts';
import { Problem } from '../../problem.ts';
import type { ApiContext } from '../context.ts';
import type { DatabaseSummary, DatacenterState, DnsPort } from '../dns-port.ts';
import { datacenterSchema, datacenterStateSchema, destinationsSchema, dnsSchema } from '../dns-schemas.ts';
import { done } from '../refused.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, timeOf, timeOrNull } from '../values.ts';

const CLIENT = 'an address or a network such as 198.51.100.7 or 2001:db8::/56';

/** The name server: what it answers from, and which datacenters are in its answers. */
export const DNS_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/dns',
    id: 'getDns',
    summary: 'The name server: its datacenters, zones, databases and counts',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    replies: { 200: { description: 'As it is now.', schema: dnsSchema } },
    problems: ['dns-off'],
    handle: (_, context) => ({ status: 200, body: dnsBody(portOf(context)) }),
  }),
  route({
    method: 'GET',
    path: '/dns/destinations',
    id: 'getDnsDestinations',
    summary: 'Where a client is sent now, by each map that records refer to',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({
      client: z.string(expected(CLIENT)).max(64, expected(CLIENT)).describe('An address or a network.'),
    }),
    replies: { 200: { description: 'As it is now.', schema: destinationsSchema } },
    problems: ['dns-off'],
    handle({ query: { client } }, context) {
      const destinations = portOf(context).destinations(client);
      if (destinations === undefined) {
        throw new Problem('invalid-parameters', `client: expected ${CLIENT}, got ${JSON.stringify(client)}`);
      }
      return { status: 200, body: { destinations: destinations.map(destinationBody) } };
    },
  }),
  route({
    method: 'PUT',
    path: '/dns/datacenters/{name}/state',
    id: 'setDatacenterState',
    summary: 'Takes a datacenter out of answers, or puts it back',
    role: 'operate',
    params: z.strictObject({ name: z.string() }),
    query: z.strictObject({
      dryRun: flag.default(false).describe('1: says what would come of it, and changes nothing.'),
    }),
    body: datacenterStateSchema,
    replies: { 200: { description: 'It is so, or was.', schema: datacenterSchema } },
    problems: ['dns-off', 'unknown-datacenter', 'last-datacenter', 'not-kept'],
    handle({ params: { name }, query: { dryRun }, body, request }, context) {
      const { admin, reason = '', expires, force } = body;
      const change = { admin, reason, expiresIn: expires, force, dryRun };
      const state = done(portOf(context).setDatacenter(name, change, actorOf(request)));
      return { status: 200, body: datacenterBody(state) };
    },
  }),
];

function portOf({ dns }: ApiContext): DnsPort {
  const port = dns?.();
  if (port !== undefined) return port;
  throw new Problem('dns-off', 'expected a node with a name server, this one has dns: off');
}

function dnsBody(port: DnsPort): z.output<typeof dnsSchema> {
  const { engine, fallback, threads, listeners, zones, databases, counters } = port.status();
  return {
    engine,
    fallback: fallback ?? null,
    threads,
    listeners: [...listeners],
    ...datacentersBody(port),
    zones: zones.map(({ name, serial, records, file, problems }) => ({
      name,
      serial,
      records,
      file: file ?? null,
      problems: [...problems],
    })),
    databases: databases.map(databaseBody),
    counters: { ...counters, replies: { ...counters.replies }, answers: { ...counters.answers } },
  };
}

/** What the status of a node says of its name server. */
export function dnsStatusBody(port: DnsPort) {
  return { ...datacentersBody(port), databases: port.status().databases.map(databaseBody) };
}

function databaseBody({ file, type, built, problem }: DatabaseSummary) {
  return { file, type, built: timeOrNull(built), problem: problem ?? null };
}

function destinationBody({ order, chosen, net, ...rest }: Destination) {
  return { ...rest, order: [...order], chosen: [...chosen], net: net ?? null };
}

/** The part of a reply that says where clients are sent. */
function datacentersBody(port: DnsPort) {
  return {
    datacenters: port.datacenters().map(datacenterBody),
    failingOpen: port.failingOpen().map((choice) => [...choice]),
  };
}

function datacenterBody({
  name,
  own,
  location,
  addresses,
  word,
  observed,
  effective,
  ttlLimit,
}: DatacenterState): z.output<typeof datacenterSchema> {
  const { health, since, problem, due, last } = observed;
  return {
    name,
    own,
    location: location === undefined ? null : [...location],
    addresses: [...addresses],
    admin: word?.admin ?? 'active',
    health,
    effective,
    inService: effective === 'serving',
    healthSince: health === 'unknown' ? null : timeOf(since),
    problem: problem ?? null,
    changeDue: timeOrNull(due),
    ttlLimit: ttlLimit ?? null,
    lastCheck: last === undefined ? null : { at: timeOf(last.at), duration: last.took },
    override: overrideBody(word),
  };
}

function overrideBody(word: DatacenterState['word']) {
  if (word === undefined) return null;
  const { by, source, reason, since, expires } = word;
  return { by, source, reason, since: timeOf(since), expires: timeOrNull(expires) };
}
