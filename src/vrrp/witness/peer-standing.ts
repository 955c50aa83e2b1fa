import type { Ms } from '../../base/units.ts';
import type { Grade } from '../model.ts';
import type { CandidateNews } from './news.ts';
import type { RemoteVoter } from './remote-voter.ts';

/** What peers say of themselves in their replies, and when that changes. */
export class PeerStanding {
  /** When what was told last is too old; `Infinity`: nothing was. */
  staleAt: Ms = Infinity;
  readonly #digest: () => bigint;
  readonly #tell: (news: CandidateNews) => void;
  readonly #differing = new Set<number>();
  #grade: Grade | undefined;

  constructor(digest: () => bigint, tell: (news: CandidateNews) => void) {
    this.#digest = digest;
    this.#tell = tell;
  }

  /** After a reply: whether its settings are ours. */
  compare(voter: number, { standing, kind }: RemoteVoter): void {
    if (kind !== 'peer' || standing === undefined) return;
    const isSame = standing.digest === this.#digest();
    if (isSame !== this.#differing.has(voter)) return;
    if (isSame) this.#differing.delete(voter);
    else this.#differing.add(voter);
    this.#tell({ kind: 'settings', voter, isSame });
  }

  /** The best grade of those that were heard of late. */
  review(voters: readonly RemoteVoter[], silentAfter: Ms, now: Ms): void {
    const heard = voters.filter(({ kind, heardAt }) => kind === 'peer' && now < heardAt + silentAfter);
    const grades = heard.flatMap(({ standing }) => (standing === undefined ? [] : [standing.grade]));
    const grade = grades.length === 0 ? undefined : (Math.max(...grades) as Grade);
    this.staleAt = Math.min(...heard.map(({ heardAt }) => heardAt + silentAfter));
    if (grade === this.#grade) return;
    this.#grade = grade;
    this.#tell({ kind: 'peer', grade });
  }
}
