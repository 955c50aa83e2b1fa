import { DISABLE, DRAIN, ENABLE } from './change-state.ts';
import type { Command } from './command.ts';
import { DNS } from './dns.ts';
import { HASH_PASSWORD } from './hash-password.ts';
import { NODE } from './node.ts';
import { ORIGINS } from './origins.ts';
import { PURGE } from './purge.ts';
import { STATUS } from './status.ts';
import { SHOW_VERSION } from './version.ts';
import { VRRP } from './vrrp.ts';
import { WITNESS } from './witness.ts';

/** Commands that need no more than a running node's admin API, or nothing at all. */
export const COMMANDS: readonly Command[] = [
  STATUS,
  ORIGINS,
  DRAIN,
  ENABLE,
  DISABLE,
  PURGE,
  NODE,
  DNS,
  VRRP,
  HASH_PASSWORD,
  WITNESS,
  SHOW_VERSION,
];
