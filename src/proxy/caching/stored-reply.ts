import type { Bytes, Ms } from '../../base/units.ts';
import { evaluate } from '../../cache/conditional/evaluate.ts';
import { notModifiedFields } from '../../cache/conditional/not-modified.ts';
import { partialContent } from '../../cache/conditional/partial-content.ts';
import { rangeOutcome, unsatisfiedRange } from '../../cache/conditional/range.ts';
import type { CachedObject } from '../../cache/object.ts';
import { hasField } from '../../cache/select/field.ts';
import type { RequestHead, SharedFields } from '../exchange.ts';

/** The reply to a request that is answered by a stored response: its head, and which bytes of the body come with it. */
export interface StoredReply {
  readonly status: number;
  readonly shared: SharedFields | undefined;
  /** Beside `shared`. */
  readonly fields: string[];
  readonly length: Bytes | undefined;
  readonly parts: readonly BodyPart[];
  /** What follows the last part; latin1. */
  readonly tail: string;
}

/** Bytes of the stored body, and what goes before them. */
export interface BodyPart {
  /** latin1 */
  readonly head: string;
  readonly from: Bytes;
  /** Before this one; `undefined`: up to the end, wherever that is. */
  readonly to: Bytes | undefined;
}

const NO_PARTS: readonly BodyPart[] = [];
const WHOLE: readonly BodyPart[] = [{ head: '', from: 0, to: undefined }];

/**
 * Holds the request's conditions and ranges against what is stored (RFC 9110 §13.2.2, §14.2). `undefined`: what is
 * stored is a part that does not have it all. `shared`: all fields of the whole.
 */
export function storedReply(
  head: RequestHead,
  object: CachedObject,
  shared: SharedFields,
  now: Ms,
): StoredReply | undefined {
  const { stored, length } = object;
  const { known, method } = head;
  if (known.ifNoneMatch !== undefined || known.ifModifiedSince !== undefined) {
    if (evaluate(head, stored, now) === 'not-modified') {
      const fields = notModifiedFields(shared.fields);
      return { status: 304, shared: undefined, fields, length: undefined, parts: NO_PARTS, tail: '' };
    }
  }
  if ((known.range !== undefined && length !== undefined && !isRecoded(object)) || stored.part !== undefined) {
    const ranged = rangedReply(head, object, shared, now);
    if (ranged !== 'whole') return ranged;
  }
  const parts = method === 'HEAD' ? NO_PARTS : WHOLE;
  return { status: stored.status, shared, fields: [], length, parts, tail: '' };
}

/** Whether the body is sent from its beginning to its end, wherever that is. */
export function isWhole({ parts }: StoredReply): boolean {
  return parts.length === 1 && parts[0]?.from === 0 && parts[0].to === undefined;
}

/** Coded bytes without a strong validator may be others the next time: a range of them could not be joined to another. */
function isRecoded({ stored: { etag, fields } }: CachedObject): boolean {
  return etag?.startsWith('W/') === true && hasField(fields, 'content-encoding');
}

/** `whole`: no range is asked for, or none that is honoured. */
function rangedReply(
  head: RequestHead,
  { stored, length = 0 }: CachedObject,
  shared: SharedFields,
  now: Ms,
): StoredReply | undefined | 'whole' {
  const outcome = rangeOutcome(head, stored, length, now);
  switch (outcome.kind) {
    case 'whole':
      return 'whole';
    case 'missing':
      return undefined;
    case 'unsatisfiable': {
      const fields = ['content-range', unsatisfiedRange(outcome.complete), 'content-length', '0'];
      return { status: 416, shared: undefined, fields, length: 0, parts: NO_PARTS, tail: '' };
    }
    case 'partial': {
      const { fields, length: total, parts, tail } = partialContent(shared.fields, outcome.ranges, outcome.complete);
      fields.push('content-length', String(total));
      const first = stored.part?.first ?? 0;
      return {
        status: 206,
        shared: undefined,
        fields,
        length: total,
        parts: parts.map((each) => ({ head: each.head, from: each.range[0] - first, to: each.range[1] + 1 - first })),
        tail,
      };
    }
  }
}
