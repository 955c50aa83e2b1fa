import type { Ms } from '../../base/units.ts';
import type { EventRecord } from '../../observe/event-forward.ts';
import type { Kept } from '../machine/state.ts';
import type { Maintenance } from '../model.ts';
import type { VrrpPlan } from '../plan.ts';
import type { InstanceNews } from './news.ts';
import type { InstanceStatus } from './status.ts';

/** What control and the agent say to each other over the channel between their processes. Its end says that the other is gone. */

export type ToAgent =
  /** The first one is a start. `kept`: by instance, of a former agent. */
  | {
      readonly type: 'plan';
      readonly generation: number;
      readonly plan: VrrpPlan;
      readonly kept: Readonly<Record<string, Kept>>;
    }
  /** A sign of life, several a second. `serving`: workers that accept. `late`: how long the main thread was held up lately. */
  | { readonly type: 'beat'; readonly serving: number; readonly late: Ms }
  /** By an operator: of one instance, or of all. */
  | {
      readonly type: 'command';
      readonly id: number;
      readonly command: Maintenance['kind'] | 'resume';
      readonly instance: string | undefined;
      readonly by: string;
      readonly why: string;
    }
  /** Say goodbye, keep the addresses until a successor advertises, and end; or, later on, do not wait any longer for that. */
  | { readonly type: 'stop'; readonly atOnce: boolean };

export type FromAgent =
  /** The system will do. */
  | { readonly type: 'ready'; readonly realTime: string | undefined }
  /** It will not, and the agent ends. */
  | { readonly type: 'refused'; readonly problem: string }
  | { readonly type: 'planned'; readonly generation: number }
  | { readonly type: 'status'; readonly instances: readonly InstanceStatus[] }
  /** It was told to stop, and holds no address any more. `hooks`: the longest that it still takes until they have ended, and it with them. */
  | { readonly type: 'left'; readonly hooks: Ms }
  /**
   * Addresses of an instance and its sync group are about to go to another node, by somebody's word: connections to them should end, within so
   * long; or no more.
   */
  | { readonly type: 'moving'; readonly instance: string; readonly within: Ms | undefined }
  /** What is to outlive this process. */
  | { readonly type: 'kept'; readonly kept: Readonly<Record<string, Kept>> }
  /** What is to be told beyond the log, where it stands as well. `at`: epoch milliseconds. `words`: for people. */
  | {
      readonly type: 'news';
      readonly instance: string;
      readonly at: Ms;
      readonly news: InstanceNews;
      readonly words: string;
    }
  /** What it says is so already in the status and in what is kept, which were told before. */
  | { readonly type: 'commanded'; readonly id: number; readonly problem: string | undefined }
  | { readonly type: 'event'; readonly record: EventRecord };
