import { LARGEST_UDP_REPLY } from './udp-engine.ts';

/** A buffer to make a reply in. */
export interface ReplyBuffer {
  readonly bytes: Buffer;
  /** For `send`, which keeps the bytes until it calls this. */
  readonly sent: (error: Error | null) => void;
}

/** As many replies can wait for the system to take them: 1 MiB. Mostly there is one. */
const MOST = 256;

/**
 * Buffers for replies, each with its callback, used again when the system has taken what was in it. What cannot be sent at
 * once is kept by libuv; a queue that the network does not take must not grow for ever, so there are only so many.
 */
export class ReplyBuffers {
  readonly #free: ReplyBuffer[] = [];
  readonly #failed: (error: Error) => void;
  #made = 0;

  constructor(failed: (error: Error) => void) {
    this.#failed = failed;
  }

  /** `undefined`: all of them wait to be sent. */
  take(): ReplyBuffer | undefined {
    return this.#free.pop() ?? this.#make();
  }

  giveBack(buffer: ReplyBuffer): void {
    this.#free.push(buffer);
  }

  #make(): ReplyBuffer | undefined {
    if (this.#made === MOST) return undefined;
    this.#made += 1;
    const buffer: ReplyBuffer = {
      bytes: Buffer.allocUnsafeSlow(LARGEST_UDP_REPLY),
      sent: (error) => {
        this.giveBack(buffer);
        if (error !== null) this.#failed(error);
      },
    };
    return buffer;
  }
}
