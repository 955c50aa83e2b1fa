/** Our configuration as it is going to be written: what is not there is left to its default. */

export interface InstanceDraft {
  name: string;
  vrid: number;
  interface: string;
  version: 2 | 3;
  priority: number;
  advert_interval: string;
  preempt?: string;
  start_delay?: string;
  addresses: readonly string[];
  source?: string;
  unicast_peers?: readonly string[];
  checksum?: 'rfc9568';
  auth?: PassDraft | HmacDraft;
  garp?: GarpDraft;
  track?: TrackDraft;
  hooks?: HooksDraft;
}

/** Times; 0 is none. */
export interface GarpDraft {
  readonly count?: number;
  readonly delay?: string | 0;
  readonly refresh?: string | 0;
}

export interface PassDraft {
  readonly password_file: string;
}

export interface HmacDraft {
  readonly keys: readonly { readonly id: number; readonly file: string }[];
  readonly mode?: string;
}

export interface TrackDraft {
  interfaces?: readonly WeightedName[];
  files?: readonly { readonly path: string; readonly weight: number }[];
  scripts?: readonly ScriptDraft[];
}

export interface WeightedName {
  readonly name: string;
  readonly weight: number;
}

export interface ScriptDraft {
  readonly name: string;
  readonly command: readonly string[];
  readonly interval: string;
  readonly timeout: string;
  readonly rise: number;
  readonly fall: number;
  readonly weight: number;
}

export type HookEvent = 'on_active' | 'on_backup' | 'on_fault';

export type HooksDraft = { [Event in HookEvent]?: { readonly command: readonly string[] } };

export interface SyncGroupDraft {
  readonly name: string;
  readonly instances: readonly string[];
}

/** What a file of its own has to hold, as a configuration has no secrets in it. */
export interface Secret {
  /** As the configuration names it. */
  readonly file: string;
  readonly content: string;
}

export interface VrrpDraft {
  readonly instances: readonly InstanceDraft[];
  readonly sync_groups: readonly SyncGroupDraft[];
}
