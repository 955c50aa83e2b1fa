/** How an origin stands at the moment: what control has made of the file, the operator's word and what is seen. */
export interface Standing {
  /** Who may be sent there: `all`; `known`: only clients that stick to it (drain); `none` (maint, stopped, removing). */
  readonly admits: Admits;
  readonly health: StandingHealth;
  readonly role: StandingRole;
  /** A set of a higher number is used when no origin of a lower one is usable. 0 to 99. */
  readonly set: number;
  /** Its share beside the others', in 1/100: 1 to 25600. A slow start makes it grow. */
  readonly weight: number;
  /** What fails there does not take it out. It is for control to heed; workers count the failures all the same. */
  readonly ignoreErrors: boolean;
}

export type Admits = 'all' | 'known' | 'none';

/**
 * `up`: takes requests. `down`: its checks say no. `checking`: has never yet been said to be up. `ejected`: requests
 * failed there. `trial`: after an ejection, one request at a time until one succeeds. `forced_down`: an operator says
 * that it is down; unlike the other two, it is not even tried when nobody else is there.
 */
export type StandingHealth = 'up' | 'down' | 'checking' | 'ejected' | 'trial' | 'forced_down';

/** `standby`: used when no primary is usable. `spare`: takes the place of one that is out, in its own set. */
export type StandingRole = 'primary' | 'standby' | 'spare';

/** What a weight of 1 in the file is in a standing. */
export const WEIGHT_UNIT = 100;
