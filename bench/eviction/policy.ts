/** A cache that holds nothing but the names of its objects, and decides which of them go. */
export interface Policy {
  /** A request: whether the object was there. If it was not, it is there now, unless the policy keeps it out. */
  request(object: number): boolean;
}

export interface PolicyKind {
  readonly name: string;
  /** `sizes`: of every object, in bytes; none is above `capacity`. */
  create(capacity: number, sizes: Int32Array): Policy;
}
