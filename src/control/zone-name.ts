import type { ZoneSettings } from '../geodns/config.ts';

/** As it is shown: without the dot at its end, but for the root. */
export function zoneName({ name }: ZoneSettings): string {
  return name === '.' ? name : name.replace(/\.$/, '');
}
