import type { z } from 'zod';
import type { Ms } from '../../base/units.ts';
import type { AuditRecord, OperatorEvent } from '../../operator/commands.ts';
import type { Configured, Health, OriginState, Override, OverrideValues, PoolState } from '../../operator/model.ts';
import type { auditSchema, eventsSchema } from './node-schemas.ts';
import type { originSchema, overrideSchema, poolSchema } from './origin-schemas.ts';
import { timeOf, timeOrNull } from './values.ts';

/** The operator's model as JSON shows it. */

export type OriginBody = z.output<typeof originSchema>;

export function originBody(origin: OriginState): OriginBody {
  const { pool, id, configured, route, admin, role, weight, set, ignoreErrors, effective, version } = origin;
  const { override, observed, traffic, drain } = origin;
  const { inFlight, upgraded, stickyRecent, elected, rate, errors, bytesIn, bytesOut } = traffic;
  return {
    pool,
    id,
    url: configured.url,
    route,
    admin,
    role,
    health: healthBody(origin.health),
    effective,
    weight,
    set,
    ignoreErrors,
    slowStart: { ...durationBody(origin.slowStart), progress: observed.warmth },
    healthSince: timeOf(observed.since),
    problem: observed.problem ?? null,
    ejectedUntil: timeOrNull(observed.ejectedUntil),
    inFlight,
    upgraded,
    stickyRecent,
    elected,
    rate,
    errors,
    latency: traffic.latency ?? null,
    bytesIn,
    bytesOut,
    drain: drain === undefined ? null : { ...drain, since: timeOf(drain.since), deadline: timeOrNull(drain.deadline) },
    override: override === undefined ? null : overrideBody(override),
    configured: configuredBody(configured),
    version,
  };
}

export function poolBody(pool: PoolState): z.output<typeof poolSchema> {
  const { name, balance, sticky, panic, queued, maintenance, origins, version } = pool;
  return {
    name,
    balance,
    sticky: sticky ?? null,
    panic,
    queued,
    maintenance:
      maintenance === undefined
        ? null
        : { ...maintenance, page: maintenance.page ?? null, since: timeOf(maintenance.since) },
    origins: origins.map(originBody),
    version,
  };
}

export function eventBody(event: OperatorEvent): z.output<typeof eventsSchema>['events'][number] {
  const { number, time, type, pool, origin, detail } = event;
  return {
    number,
    time: timeOf(time),
    type,
    ...(pool !== undefined && { pool }),
    ...(origin !== undefined && { origin }),
    detail,
  };
}

export function auditBody(record: AuditRecord): z.output<typeof auditSchema>['records'][number] {
  const { time, address, refused } = record;
  return { ...record, time: timeOf(time), address: address ?? null, refused: refused ?? null };
}

function overrideBody({ values, by, source, reason, since, expires, was }: Override): z.output<typeof overrideSchema> {
  return {
    by,
    source,
    reason,
    since: timeOf(since),
    expires: timeOrNull(expires),
    persisted: true, // What cannot be kept is refused.
    values: valuesBody(values),
    was: { ...configuredBody(was), admin: 'active' },
  };
}

function configuredBody({ url, weight, role, set, route }: Configured): OriginBody['configured'] {
  return { url, weight, role, set, ...(route !== undefined && { route }) };
}

function durationBody(time: Ms): { readonly duration: string } {
  return { duration: `${time / 1000}s` };
}

function valuesBody({ health, slowStart, ...values }: OverrideValues): z.output<typeof overrideSchema>['values'] {
  return {
    ...values,
    ...(slowStart !== undefined && { slowStart: durationBody(slowStart) }),
    ...(health !== undefined && { health: 'forcedDown' as const }),
  };
}

function healthBody(health: Health): OriginBody['health'] {
  return health === 'forced_down' ? 'forcedDown' : health;
}
