import type { Ms } from '../../base/units.ts';
import type { Cause, Grade, Priority } from '../model.ts';

/** What its instance is to hear. All but the last two are events of the state machine as they are. */
export type CandidateNews =
  | { readonly kind: 'voted'; readonly question: number; readonly vote: 'granted'; readonly until: Ms }
  | { readonly kind: 'voted'; readonly question: number; readonly vote: 'denied' | 'silent' }
  /** A majority is had until then. */
  | { readonly kind: 'lease'; readonly until: Ms }
  /** A peer asked for the vote that we have. `source`: its address. */
  | { readonly kind: 'asked'; readonly source: string; readonly priority: Priority; readonly cause: Cause }
  /** What the best of our peers says of itself; `undefined`: none says anything any more. */
  | { readonly kind: 'peer'; readonly grade: Grade | undefined }
  /** The majority ran out, or was found to have gone sooner: to the machine that is `lease` until now. */
  | { readonly kind: 'lost' }
  /** Whether a peer has the settings that it should have. Told when it changes. */
  | { readonly kind: 'settings'; readonly voter: number; readonly isSame: boolean };
