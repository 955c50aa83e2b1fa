/** Why a configuration cannot be taken: one line each. */
export class RefusedError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'RefusedError';
    this.problems = problems;
  }
}
