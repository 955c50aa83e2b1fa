import type { Flight } from '../../cache/flight.ts';
import type { NotWritten } from '../../cache/object-writer.ts';
import type { ProxyErrorCode } from '../error.ts';
import { failureOf } from './failure.ts';

/** What those who wait are told when the origin answered with an error in place of which something stored may do. */
const ERROR_STATUS = 'error-status';

/** What befell a fetch that others wait for. `error-status`: the origin answered, with an error. */
export type FlightFailure = typeof ERROR_STATUS | { readonly error: ProxyErrorCode; readonly status: number };

/** As those who wait are told it, in all threads: the status and the `ProxyErrorCode`, or `error-status`. */
export function flightFailure(text: string): FlightFailure {
  if (text === ERROR_STATUS) return ERROR_STATUS;
  const [status, error] = text.split(' ');
  return { error: error as ProxyErrorCode, status: Number(status) };
}

/** The end of a flight, as the one who leads it brings it about: once, whatever is called after that. */
export class Landing {
  #flight: Flight | undefined;

  /** `undefined`: nobody can wait for this fetch. */
  constructor(flight: Flight | undefined) {
    this.#flight = flight;
  }

  /** Whether others wait for it now. */
  get isAwaited(): boolean {
    return this.#flight !== undefined && this.#flight.others > 0;
  }

  /** Those who wait are to look again. */
  release(): void {
    this.#take()?.release();
  }

  /** The origin answered with an error: who has something stored may serve that. */
  failByStatus(): void {
    this.#take()?.fail(ERROR_STATUS);
  }

  failBy(error: ProxyErrorCode, status: number): void {
    // What this request brought upon itself, others need not suffer: they look again, and one of them asks.
    if (isEverybodys(error)) this.#take()?.fail(`${status} ${error}`);
    else this.release();
  }

  #take(): Flight | undefined {
    const flight = this.#flight;
    this.#flight = undefined;
    return flight;
  }
}

/** Whether no origin could be had at all, or was silent: whoever asks next would wait for the same. */
function isEverybodys(error: ProxyErrorCode): boolean {
  const failure = failureOf(error);
  return failure === 'silent' || (failure === 'unreachable' && error !== 'connection_terminated');
}

/** Whether the reason not to store a response stands in itself, and not in the request for it: others will find the same. */
export function isOfResponse(reason: NotWritten): boolean {
  return OF_RESPONSE.has(reason);
}

const OF_RESPONSE: ReadonlySet<NotWritten> = new Set<NotWritten>([
  'must-understand',
  'no-store',
  'private',
  'set-cookie',
  'vary-star',
  'no-freshness',
  'no-cache',
  'expired',
  'too-large',
]);
