import { loadSettings } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { Settings } from '../config/settings.ts';
import { type PlanContext, type Planned, planProxy } from '../proxy/planner.ts';
import { planDnsOffline } from './dns-planning.ts';
import { RefusedError } from './refused-error.ts';

/** From a file to settings, and from settings to what workers serve by; what is wrong with either is told by a `RefusedError`. */

/** The settings of a file, and its warnings as lines. Throws a `RefusedError`. */
export function load(file: string): { readonly settings: Settings; readonly warnings: readonly string[] } {
  const result = loadSettings(file);
  if (!result.ok) throw new RefusedError(result.problems.map(formatProblem));
  return { settings: result.settings, warnings: result.warnings.map(formatProblem) };
}

/** As `load`, and everything else that can be known of a configuration without running it. Changes nothing. */
export async function check(file: string): Promise<readonly string[]> {
  const { settings, warnings } = load(file);
  const planned = plan(file, settings, {
    ports: settings.listeners.map(() => 0),
    ticketKeys: new Uint8Array(48),
    poolSlot: () => 0,
    originSlot: () => 0,
    siteSlot: () => 0,
    listenerSlot: () => 0,
    peerSlot: () => 0,
    stickyKey: () => new Uint8Array(32),
    selfSigned: () => [],
    now: Date.now(),
  });
  const names = settings.dns === 'off' ? undefined : await planDnsOffline(file, settings, settings.dns);
  return [...warnings, ...planned.warnings, ...(names?.warnings ?? [])];
}

export function plan(file: string, settings: Settings, context: PlanContext): Planned {
  try {
    return planProxy(settings, context);
  } catch (error) {
    throw new RefusedError([`${file}: ${(error as Error).message}`]);
  }
}
