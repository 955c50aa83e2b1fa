import type { ProxyErrorCode } from './error.ts';
import type { Endpoints, Exchange, RequestHead } from './exchange.ts';
import { nothingKnown } from './fields.ts';
import type { ListenerPlan } from './plan.ts';

/** What a front, whatever its protocol, hands its exchanges to. */
export interface ExchangeTaker {
  take(exchange: Exchange, listener: ListenerPlan): void;
  /** A request that is refused before it is one; its exchange still gets a reply and a line in the log. */
  refuse(exchange: Exchange, listener: ListenerPlan, code: ProxyErrorCode): void;
  /** Whether siblings connect from this address: then it is believed which scheme an absolute-form target has. */
  hasSibling(address: string): boolean;
  /** Bytes that were no request at all: only the log hears of them. */
  unparsed(endpoints: Endpoints, scheme: 'http' | 'https', code: ProxyErrorCode): void;
}

/** Enough of a refused request for its reply and its line in the log. */
export function refusedHead(
  raw: Pick<RequestHead, 'method' | 'target' | 'version' | 'scheme'> & { readonly authority?: string },
): RequestHead {
  return {
    method: raw.method,
    version: raw.version,
    scheme: raw.scheme,
    authority: raw.authority ?? '',
    target: raw.target,
    fields: [],
    known: nothingKnown(),
  };
}
