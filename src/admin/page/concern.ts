export interface Concern {
  readonly tone: 'bad' | 'hand';
  /** Where it is. */
  readonly href: string;
  readonly name: string;
  readonly text: string;
}
