import type { Ms } from '../../base/units.ts';
import type { DropReason } from './advert-checking.ts';
import type { InstanceStatus } from './status.ts';

/** What became of the advertisements of one instance, those that it sent and those that came. */
export class AdvertAccount {
  #sent = 0;
  #received = 0;
  /** Why the last one was not sent, by the number of the error. */
  #unsent = 0;
  readonly #drops = new Map<DropReason, number>();
  #droppedAt: Ms | undefined;

  /** `errno`: 0, it was. Whether that is another problem than before. */
  sent(errno: number): boolean {
    if (errno === 0) this.#sent += 1;
    const isNews = errno !== 0 && errno !== this.#unsent;
    this.#unsent = errno;
    return isNews;
  }

  received(): void {
    this.#received += 1;
  }

  /**
   * Each is two active routers in the making, but for our own that come back. How many there are for that reason, if it is to be told: of a
   * flood ever more seldom.
   */
  dropped(reason: DropReason, wall: Ms): number | undefined {
    const count = (this.#drops.get(reason) ?? 0) + 1;
    this.#drops.set(reason, count);
    if (reason === 'own-source') return undefined;
    this.#droppedAt = wall;
    return isRound(count) ? count : undefined;
  }

  get shown(): Pick<InstanceStatus, 'sent' | 'received' | 'dropped' | 'droppedAt'> {
    return {
      sent: this.#sent,
      received: this.#received,
      dropped: Object.fromEntries(this.#drops),
      droppedAt: this.#droppedAt,
    };
  }
}

/** 1, 2, 4, 8, … */
function isRound(count: number): boolean {
  return (count & (count - 1)) === 0;
}
