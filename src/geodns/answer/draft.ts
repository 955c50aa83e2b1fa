import type { Resolution } from '../model.ts';
import { RCODE } from '../wire/types.ts';
import type { CompiledReply } from './compiled.ts';
import { NONE } from './counts.ts';
import { RATE, type RateKind } from './rate-limiter.ts';

/** A reply in the making: what was decided of it so far. One object serves for all. */
export class Draft {
  /** All 12 bits (RFC 6891 §6.1.3). */
  rcode: number = RCODE.NOERROR;
  authoritative = false;
  /** Whether to say that there is more than fits, before anything was written. */
  isTruncated = false;
  /** Its records, in one form or the other; none: it has no records. */
  compiled: CompiledReply | undefined;
  resolution: Resolution | undefined;
  /** 0: it holds for all clients. */
  scope = 0;
  extendedError = NONE;
  zone = NONE;
  datacenter = NONE;
  rateKind: RateKind = RATE.ERROR;
  rateName = 0;

  /** Begins with a reply that has no records, as errors have none. */
  clear(): void {
    this.rcode = RCODE.NOERROR;
    this.authoritative = false;
    this.isTruncated = false;
    this.compiled = undefined;
    this.resolution = undefined;
    this.scope = 0;
    this.extendedError = NONE;
    this.zone = NONE;
    this.datacenter = NONE;
    this.rateKind = RATE.ERROR;
    this.rateName = 0;
  }

  error(rcode: number, extendedError: number = NONE): void {
    this.rcode = rcode;
    this.extendedError = extendedError;
  }

  /** Keeps who is counted, and takes back all that was to be said. */
  withoutRecords(rcode: number): void {
    this.rcode = rcode;
    this.authoritative = false;
    this.compiled = undefined;
    this.resolution = undefined;
    this.scope = 0;
    this.extendedError = NONE;
    this.datacenter = NONE;
  }

  take(reply: CompiledReply): void {
    this.compiled = reply;
    this.rcode = reply.rcode;
    this.authoritative = reply.authoritative;
    this.zone = reply.zone;
    this.rateKind = reply.rateKind;
    this.rateName = reply.rateName;
  }
}
