/** Requests and responses as the cache looks at them: plain data, no types of any HTTP library. */

/** Header fields as they stand on the wire: name, value, name, value. Values are latin1. */
export type Fields = readonly string[];

/** What a client asks for. The proxy's `RequestHead` is one. */
export interface CacheRequest {
  readonly method: string;
  /** Path and query, byte for byte as they came. */
  readonly target: string;
  /** End-to-end fields in their order. Names as they came, in any case. */
  readonly fields: Fields;
  readonly known: CacheRequestFields;
}

/** The fields that the cache itself reads; all of them stand in `fields` as well. Several of one name are joined by ", ". */
export interface CacheRequestFields {
  readonly acceptEncoding: string | undefined;
  readonly authorization: string | undefined;
  readonly cacheControl: string | undefined;
  readonly cookie: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
  readonly pragma: string | undefined;
  readonly range: string | undefined;
}

/** What an origin answered, without what belongs to the connection alone. Names are in lower case. */
export interface CacheResponse {
  readonly status: number;
  readonly fields: Fields;
}
