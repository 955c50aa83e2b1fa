/** What workers go by when they choose an origin, as it stands in the shared table. */
export interface Standing {
  /** Who may be sent there: `all`; `known`: only clients that stick to it (drain); `none` (maint, stopped, removing). */
  readonly admits: 'all' | 'known' | 'none';
  /**
   * `trial`: after an ejection, one request at a time until one succeeds. `forced_down`: an operator says so; unlike what
   * is `down` or `ejected`, it is not even tried when nobody else is there.
   */
  readonly health: 'up' | 'down' | 'checking' | 'ejected' | 'trial' | 'forced_down';
  readonly role: 'primary' | 'standby' | 'spare';
  /** 0 to 99. */
  readonly set: number;
  /** Effective, in hundredths: 1 to 25600. */
  readonly weight: number;
  readonly ignoreErrors: boolean;
}
