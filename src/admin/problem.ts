/** What is wrong with a request, as RFC 9457 has it. Clients match on `type`, which never changes; not on texts. */

export const PROBLEMS = {
  'bad-request': { status: 400, title: 'This is no request that can be read' },
  'invalid-parameters': { status: 400, title: 'Parameters are not as expected' },
  'malformed-json': { status: 400, title: 'The body is no JSON' },
  'not-logged-in': { status: 401, title: 'Who asks is not known' },
  'role-too-low': { status: 403, title: 'This user may not do that' },
  'foreign-origin': { status: 403, title: 'Another site must not ask for this' },
  'not-found': { status: 404, title: 'There is nothing at this path' },
  'unknown-pool': { status: 404, title: 'There is no such pool' },
  'unknown-origin': { status: 404, title: 'There is no such origin' },
  'unknown-datacenter': { status: 404, title: 'There is no such datacenter' },
  'unknown-instance': { status: 404, title: 'There is no such instance of VRRP' },
  'unknown-operation': { status: 404, title: 'There is no such operation, or not any more' },
  'method-not-allowed': { status: 405, title: 'This method is not for this path' },
  'request-timeout': { status: 408, title: 'The request did not come in time' },
  'not-drained': { status: 409, title: 'Not drained when the time was over' },
  'not-up': { status: 409, title: 'Not up when the time was over' },
  'not-active': { status: 409, title: 'Not active when the time was over' },
  'not-done': { status: 409, title: 'Not done when the time was over' },
  'last-active-origin': { status: 409, title: 'It is the last usable origin of its pool' },
  'last-datacenter': {
    status: 409,
    title: 'It is the last datacenter in service of those that a record chooses among',
  },
  duplicate: { status: 409, title: 'There is one already' },
  'cache-off': { status: 409, title: 'This node has no cache' },
  'dns-off': { status: 409, title: 'This node has no name server' },
  'vrrp-off': { status: 409, title: 'This node shares no addresses' },
  'nothing-to-hand-over': { status: 409, title: 'This node does not have the addresses' },
  removed: { status: 410, title: 'The origin was removed, and nothing runs there any more' },
  'version-mismatch': { status: 412, title: 'It changed since it was read' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not read here' },
  'unknown-host': { status: 421, title: 'This node is not known by that name' },
  invalid: { status: 422, title: 'The body is not as expected' },
  'precondition-required': { status: 428, title: 'If-Match is required' },
  'too-many-guesses': { status: 429, title: 'Too many failed logins' },
  'head-too-large': { status: 431, title: 'The head of the request is too large' },
  internal: { status: 500, title: 'Something is wrong with this node' },
  'not-kept': { status: 503, title: 'It could not be kept in state_dir, so nothing was changed' },
  'agent-away': { status: 503, title: 'The process that has the addresses is not there now' },
  closing: { status: 503, title: 'The node is stopping, or its admin listener changes' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

/** One thing that is wrong: with the value at a JSON Pointer into the body (RFC 6901, as `#/weight`), or a parameter. */
export interface ProblemPart {
  readonly pointer?: string;
  readonly parameter?: string;
  readonly detail: string;
}

/** Where the kinds are told, relative to the server. */
export const PROBLEM_PATH = '/api/v1/problem';

/** Thrown by whoever cannot do what a request asks for. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  /** More members of the document: `errors`, or the origin as it is. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: { members?: Readonly<Record<string, unknown>>; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.kind = kind;
    this.members = more.members ?? {};
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.kind].status;
  }

  toJSON(): Record<string, unknown> {
    const { status, title } = PROBLEMS[this.kind];
    return { type: `${PROBLEM_PATH}#${this.kind}`, title, status, detail: this.message, ...this.members };
  }
}
