import type { CachedObject } from '../../cache/object.ts';
import type { NotWritten } from '../../cache/object-writer.ts';
import type { ProxyErrorCode } from '../error.ts';
import type { OriginFields } from '../headers.ts';

/** The client whose request made us fetch. */
export interface FillClient {
  interim(status: number, fields: OriginFields): void;
  /** The response is being stored: read it from there. */
  stored(object: CachedObject): void;
  /** What was stored is good again. */
  freshened(object: CachedObject): void;
  /** The 304 was about something else than what is stored: it has to be asked for without a condition. */
  askAgain(): void;
  /** The origin answers with an error, in place of which what is stored may be served. */
  insteadOfError(status: number): void;
  /** The response is not stored, for this reason, or it is a part and stored beside: its body comes by `piece`, up to `whole`. */
  passing(status: number, fields: OriginFields, reason: NotWritten | undefined): void;
  piece(chunk: Uint8Array): boolean;
  whole(trailers: OriginFields): void;
  /** What is stored ends before its end, for this reason; what follows comes by `piece` once that is read and `rest` was called. */
  cutOff(reason: NotWritten): void;
  /** The response broke off within its body. */
  broken(error: ProxyErrorCode): void;
  /** No origin gave a response. */
  failed(error: ProxyErrorCode, status: number): void;
}
