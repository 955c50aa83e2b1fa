import type { Ms } from '../../base/units.ts';
import { Challenges } from './challenges.ts';
import type { LeaseBook, Lent, Vote } from './lease-book.ts';
import { type NodeStanding, nameOf, type Reply, type ReplyKind, type Request, type Run } from './message.ts';

/** What became of a request. `replay`: it is not answered. */
export type VoterOutcome = ReplyKind | 'replay';

export const VOTER_OUTCOMES: readonly VoterOutcome[] = [
  ...(['granted', 'denied', 'quiet', 'full', 'released', 'told', 'challenge'] as const),
  'replay',
];

export interface Answer {
  readonly outcome: VoterOutcome;
  readonly reply: Reply | undefined;
  /** Whether the vote has another holder than before, or none any more. */
  readonly isChange: boolean;
}

export interface VoterOptions {
  readonly name: string;
  readonly run: Run;
  readonly book: LeaseBook;
  /** Random, of this start alone. */
  readonly secret: Uint8Array;
  /** How many of those who ask are remembered. */
  readonly capacity?: number;
  /** Of a node: how it stands now. */
  readonly standing?: () => NodeStanding;
}

/** A voter: a witness for all who have the key, or a node for its peers. No I/O, no clock of its own. */
export class Voter {
  readonly #options: VoterOptions;
  readonly #challenges: Challenges;

  constructor(options: VoterOptions) {
    this.#options = options;
    this.#challenges = new Challenges(options.secret, options.capacity);
  }

  take(request: Request, now: Ms): Answer {
    const { kind, subject, run, number } = request;
    const { book } = this.#options;
    const name = nameOf(subject);
    if (kind === 'hello') return this.#reply(request, 'told', book.lent(name, now));
    const novelty = this.#challenges.take(name, run, request.challenge, number);
    if (novelty === 'replay') return { outcome: 'replay', reply: undefined, isChange: false };
    if (novelty === 'challenge') return this.#reply(request, 'challenge', book.lent(name, now));
    if (kind === 'release') {
      const isChange = book.release(name, run, now);
      return { ...this.#reply(request, 'released', book.lent(name, now)), isChange };
    }
    const vote = book.ask(name, { run, name: request.name }, request.span, now);
    const answer = this.#reply(request, vote.kind, book.lent(name, now), spanOf(vote));
    return { ...answer, isChange: vote.kind === 'granted' && vote.isNew };
  }

  #reply({ subject, run, number }: Request, kind: ReplyKind, lent: Lent | undefined, span?: Ms): Answer {
    const { name, run: voter, standing } = this.#options;
    const reply: Reply = {
      kind,
      subject,
      run,
      number,
      challenge: this.#challenges.of(nameOf(subject), run),
      voter,
      name,
      standing: standing?.(),
      holder: lent && { name: lent.holder.name, isWhoAsks: lent.holder.run === run },
      span: span ?? lent?.remaining ?? 0,
    };
    return { outcome: kind, reply, isChange: false };
  }
}

function spanOf(vote: Vote): Ms {
  if (vote.kind === 'granted') return vote.span;
  return vote.kind === 'full' ? 0 : vote.remaining;
}
