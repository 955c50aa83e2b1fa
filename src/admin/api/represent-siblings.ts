import type { z } from 'zod';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { LinkStatus, Progress } from '../../sibling/link/status.ts';
import type { SiblingReport, SiblingState } from '../../sibling/state.ts';
import { healthOf, problemsOf } from '../sibling-problems.ts';
import type { siblingSummary, siblingsSchema } from './sibling-schemas.ts';
import { timeOrNull } from './values.ts';

/** Siblings as JSON shows them. */

type SiblingsBody = z.output<typeof siblingsSchema>;
type SiblingBody = SiblingsBody['siblings'][number];

export function siblingsBody({ peers, icp, htcp, dropped }: SiblingReport, now: Ms): SiblingsBody {
  return { siblings: peers.map((sibling) => siblingBody(sibling, now)), icp, htcp, dropped };
}

/** In a few words, for the status of the node. */
export function siblingSummaryBody(sibling: SiblingState, now: Ms): z.output<typeof siblingSummary> {
  const { name, health, fetching, portico, problem, roundTrip, ...rest } = siblingBody(sibling, now);
  const { queries, hits, timeouts, fetched, falseHits } = rest;
  const link = rest.link?.state ?? null;
  return { name, health, fetching, portico, problem, link, roundTrip, queries, hits, timeouts, fetched, falseHits };
}

function siblingBody(sibling: SiblingState, now: Ms): SiblingBody {
  const { plan, account, link } = sibling;
  const { isPortico, standing: _, fetching, answeredAgo, roundTrip, fetchLatency, ...counts } = account;
  return {
    name: plan.name,
    url: plan.url,
    icp: placeOf(plan.icp),
    htcp: plan.htcp === undefined ? null : placeOf(plan.htcp),
    health: healthOf(sibling),
    fetching,
    portico: isPortico,
    problem: problemsOf(sibling, now).join('; ') || null,
    answered: timeOrNull(answeredAgo === undefined ? undefined : now - answeredAgo),
    roundTrip: roundTrip ?? null,
    firstByte: fetchLatency ?? null,
    ...counts,
    link: link === undefined ? null : linkBody(link),
  };
}

function linkBody({ standing, why, linked, subscribed, node, instance, ours, theirs }: LinkStatus) {
  return {
    state: standing ?? ('trying' as const),
    why: why ?? null,
    since: timeOrNull(linked),
    told: timeOrNull(subscribed),
    node: node ?? null,
    instance: instance ?? null,
    ours: progressBody(ours),
    theirs: progressBody(theirs),
  };
}

function progressBody({ head, applied, behind }: Progress) {
  return { last: head, applied: applied ?? null, behind: behind ?? null };
}

function placeOf({ host, port }: HostPort): string {
  return formatHostPort(host, port);
}
